"""Which answers go through the pipe, and what becomes of those that cannot."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import struct
import unittest
from typing import Any, Dict, List, Optional

from gateway_double import ROOT, Frame, WorkerSideTest, frames_of, ticket
from wsgi_doubles import hello

from tunicorn.channels.answer_pipe import LONGEST_FRAME_BYTES, AnswerPipes
from tunicorn.channels.asgi_channel import Channel as AsgiChannel
from tunicorn.channels.channel import Channel
from tunicorn.channels.channel_frame import (
    ABORTED,
    END,
    FAILED,
    FRAMED,
    HEAD,
    HINTS,
    SKIP,
    TAKEN,
    failed_frame,
    head_start,
)
from tunicorn.channels.channel_socket import ChannelIdentity, ChannelLost, channel_socket_path
from tunicorn.channels.gateway_channels import GatewayChannels

PID = 4242
GATEWAY = 5
LONG_ANSWER = head_start(77, 200, END, b"200 OK\r\n", body_bytes=70_000) + bytes(70_000)
IDENTITY = ChannelIdentity(1, PID, 9)


class PipeTest(WorkerSideTest):
    """A gateway that listens and may have opened its answer pipe."""

    def setUp(self) -> None:
        super().setUp()
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(channel_socket_path(self.directory, GATEWAY))
        self.listener.listen()
        self.listener.setblocking(False)
        self.addCleanup(self.listener.close)
        self.pipes = AnswerPipes(self.directory)
        self.reading: Optional[int] = None
        self.channels = self.connecting()

    def connecting(self) -> GatewayChannels[Channel]:
        return GatewayChannels(
            self.directory,
            self.pipes,
            lambda path, pipe: Channel.prepare(path, pipe, claim=self.claim, identity=IDENTITY),
        )

    def open_pipe(self) -> int:
        self.pipes.make(GATEWAY)
        self.reading = fd = os.open(os.path.join(self.directory, "answers-5"), os.O_RDWR | os.O_NONBLOCK)
        self.addCleanup(self.close_pipe)
        return fd

    def close_pipe(self) -> None:
        if self.reading is not None:
            os.close(self.reading)
            self.reading = None

    def written(self) -> List[Frame]:
        """What is in the pipe."""
        assert self.reading is not None
        try:
            data = os.read(self.reading, 1 << 20)
        except BlockingIOError:
            return []
        frames = []
        while data:
            self.assertEqual(data[:4], PID.to_bytes(4, "little"))
            size = int.from_bytes(data[4:8], "little")
            frames += frames_of(data[4 : 4 + size])
            data = data[4 + size :]
        return frames

    def on_channel(self) -> List[Frame]:
        """What was sent on the channel, without HELLO."""
        accepted, _ = self.listener.accept()
        self.addCleanup(accepted.close)
        accepted.settimeout(20)
        return frames_of(accepted.recv(1 << 20))[1:]

    def assert_no_channel(self) -> None:
        with self.assertRaises(BlockingIOError):
            self.listener.accept()

    def channel_now(self) -> Channel:
        channel = self.channels.channel(GATEWAY)
        assert channel is not None
        return channel


class WholeAnswers(PipeTest):
    def test_go_through_the_pipe_and_need_no_channel(self) -> None:
        self.open_pipe()
        channel = self.channel_now()
        channel.head(77, 200, END | FRAMED, head=b"200 OK\r\n", body=b"hello")
        channel.failed(78, closing=False)
        channel.skip(79)
        channel.probed(80)
        self.assertEqual([(frame.type, frame.id, frame.data) for frame in self.written()], [
            (HEAD, 77, b"hello"), (FAILED, 78, b""), (SKIP, 79, b""), (6, 80, b""),
        ])
        self.assert_no_channel()

    def test_of_every_vector_are_written_byte_for_byte(self) -> None:
        with open(os.path.join(ROOT, "test", "vectors", "runqueue.json"), encoding="ascii") as file:
            vectors: List[Dict[str, Any]] = json.load(file)["answers"]["good"]
        fd = self.open_pipe()
        for vector in vectors:
            with self.subTest(vector["name"]):
                wanted = vector["decoded"]
                channel = Channel(self.claim, self.fail, pipe=self.pipes.open(GATEWAY), pid=wanted["pid"])
                self.send(channel, wanted)
                self.assertEqual(os.read(fd, 8192).hex(), vector["hex"])

    def send(self, channel: Channel, wanted: Dict[str, Any]) -> None:
        ticket_id = wanted["id"]
        if wanted["type"] == "HEAD":
            flags = END | (FRAMED if wanted["framed"] else 0) | (16 if wanted["closing"] else 0)
            head, body = wanted["head"].encode("latin-1"), bytes.fromhex(wanted["bodyHex"])
            channel.head(ticket_id, wanted["status"], flags, head=head, body=body)
        elif wanted["type"] == "FAILED":
            channel.failed(ticket_id, wanted["closing"])
        else:
            {"SKIP": channel.skip, "PROBED": channel.probed}[wanted["type"]](ticket_id)

    def test_of_an_application_are_the_same_as_on_a_channel(self) -> None:
        self.open_pipe()
        self.channel = self.channel_now()
        self.runner(hello).run(ticket())
        (frame,) = self.written()
        self.assertEqual((frame.type, frame.flags, frame.data), (HEAD, END | FRAMED, b"hello"))
        self.assert_released()
        self.assert_no_channel()


class OverTheChannel(PipeTest):
    def test_goes_what_is_too_long(self) -> None:
        self.open_pipe()
        longest = LONGEST_FRAME_BYTES - 20 - len(b"200 OK\r\n")
        self.channel_now().head(77, 200, END, head=b"200 OK\r\n", body=bytes(longest))
        self.channel_now().head(78, 200, END, head=b"200 OK\r\n", body=bytes(longest + 1))
        self.assertEqual([frame.id for frame in self.written()], [77])
        self.assertEqual([frame.id for frame in self.on_channel()], [78])

    def test_goes_an_answer_whose_beginning_went_there(self) -> None:
        self.open_pipe()
        channel = self.channel_now()
        channel.hints(77, b"Link: </a>\r\n")
        channel.head(77, 200, END, head=b"200 OK\r\n", body=b"")
        channel.head(78, 200, 0, head=b"200 OK\r\n", body=b"")
        channel.body(78, END, b"")
        channel.hints(79, b"Link: </a>\r\n")
        channel.failed(79, closing=False)
        channel.head(80, 200, END, head=b"200 OK\r\n", body=b"")
        self.assertEqual([frame.id for frame in self.written()], [80])
        frames = self.on_channel()
        self.assertEqual([frame.id for frame in frames], [77, 77, 78, 78, 79, 79])
        self.assertEqual(frames[0].type, HINTS)

    def test_goes_a_response_that_is_cut_off(self) -> None:
        self.open_pipe()
        self.channel_now().head(77, 200, END | ABORTED, head=b"200 OK\r\n", body=b"")
        self.assertEqual(self.written(), [])
        self.assertEqual([frame.id for frame in self.on_channel()], [77])

    def test_goes_what_a_full_pipe_does_not_take(self) -> None:
        fd = self.open_pipe()
        with self.assertRaises(BlockingIOError):
            while True:
                os.write(fd, bytes(4096))
        self.channel_now().head(77, 200, END, head=b"200 OK\r\n", body=b"")
        self.assertEqual([frame.id for frame in self.on_channel()], [77])

    def test_goes_everything_while_a_broken_pipe_would_kill_the_worker(self) -> None:
        self.open_pipe()
        before = signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        self.addCleanup(signal.signal, signal.SIGPIPE, before)
        self.channel_now().head(77, 200, END, head=b"200 OK\r\n", body=b"")
        self.assertEqual(self.written(), [])
        self.assertEqual([frame.id for frame in self.on_channel()], [77])

    def test_goes_everything_until_the_gateway_has_opened_the_pipe(self) -> None:
        self.channel_now().head(77, 200, END, head=b"200 OK\r\n", body=b"")
        self.assertEqual([frame.id for frame in self.on_channel()], [77])
        # The worker has made the file, and said HELLO.
        self.open_pipe()
        self.channel_now().head(78, 200, END, head=b"200 OK\r\n", body=b"")
        self.assertEqual([frame.id for frame in self.written()], [78])


class GatewaysThatEnd(PipeTest):
    def test_their_channel_is_lost_and_their_tickets_are_not_run(self) -> None:
        self.open_pipe()
        channel = self.channel_now()
        channel.skip(77)
        self.close_pipe()
        self.listener.close()
        os.unlink(channel_socket_path(self.directory, GATEWAY))
        with self.assertRaisesRegex(ChannelLost, "the gateway has ended"):
            channel.skip(78)
        self.assertTrue(channel.is_lost)
        self.assertIsNone(self.channels.channel(GATEWAY))

    def test_and_the_worker_that_ends_shows_which_ticket_it_leaves_unanswered(self) -> None:
        self.open_pipe()
        self.channel_now()
        self.channels.shut_down(0)
        self.assert_no_channel()
        self.channels.shut_down(GATEWAY)
        accepted, _ = self.listener.accept()
        with accepted:
            accepted.settimeout(20)
            self.assertEqual([frame.type for frame in frames_of(accepted.recv(100))], [1])
            self.assertEqual(accepted.recv(100), b"")


class EventLoops(PipeTest):
    def loop_channel(self) -> AsgiChannel:
        path = channel_socket_path(self.directory, GATEWAY)
        loop = asyncio.get_running_loop()
        channel = AsgiChannel.prepare(loop, path, self.pipes.open(GATEWAY), identity=IDENTITY)
        self.addCleanup(channel.lose, "the test is over")
        return channel

    def test_finish_through_the_pipe_unless_something_was_sent_before(self) -> None:
        self.open_pipe()

        async def answer() -> None:
            channel = self.loop_channel()
            self.assertTrue(channel.finish(head_start(77, 200, END, b"200 OK\r\n")))
            self.assert_no_channel()
            channel.write(head_start(78, 200, 0, b"200 OK\r\n"))
            self.assertTrue(channel.finish(failed_frame(78, closing=False)))
            self.assertTrue(channel.finish(failed_frame(79, closing=False)))
            self.assertTrue(channel.finish(head_start(80, 500, END | ABORTED, b"500 X\r\n")))

        asyncio.run(answer())
        self.assertEqual([frame.id for frame in self.written()], [77, 79])
        self.assertEqual([frame.id for frame in self.on_channel()], [78, 78, 80])

    def test_await_that_a_long_response_is_taken_although_it_is_the_first_on_its_channel(self) -> None:
        self.open_pipe()

        async def answer() -> None:
            channel = self.loop_channel()
            taken = channel.taken(77)
            channel.finish(LONG_ANSWER)
            accepted, _ = self.listener.accept()
            with accepted:
                accepted.sendall(struct.pack("<IBBHQ", 16, TAKEN, 0, 0, 77))
                await asyncio.wait_for(taken, 20)

        asyncio.run(answer())

    def test_a_long_response_to_a_gateway_that_has_ended_is_not_awaited(self) -> None:
        async def answer() -> None:
            loop = asyncio.get_running_loop()
            channel = AsgiChannel.prepare(loop, os.path.join(self.directory, "none"), None, identity=IDENTITY)
            taken = channel.taken(77)
            self.assertTrue(channel.finish(LONG_ANSWER))
            self.assertTrue(channel.is_lost)
            await asyncio.wait_for(taken, 20)

        asyncio.run(answer())


if __name__ == "__main__":
    unittest.main()
