"""The worker's channel: backpressure, large frames, and a gateway that goes away."""

from __future__ import annotations

import hashlib
import os
import signal
import socket
import struct
import tempfile
import threading
import time
import unittest

from gateway_double import Frame, WorkerSideTest, frames_of

from tunicorn.channels.channel import Channel
from tunicorn.channels.channel_frame import BODY, END, GONE, HELLO, TAKEN
from tunicorn.channels.channel_socket import ChannelIdentity, ChannelLost

MIB = 1024 * 1024


class BackPressure(WorkerSideTest):
    def wait_until_held(self) -> None:
        deadline = time.monotonic() + 20
        while not self.board.slot(1)["held"]:
            self.assertLess(time.monotonic(), deadline, "the claim was never marked as held")
            time.sleep(0.001)

    def send_while_nobody_reads(self, head: bytes, data: bytes) -> Frame:
        self.claim.claim(77, 5, time.monotonic_ns())
        started = self.board.slot(1)["started"]
        parts = {"head": head, "body": data}
        sender = threading.Thread(target=self.channel.head, args=(77, 200, END), kwargs=parts, daemon=True)
        sender.start()
        self.wait_until_held()
        received = self.read_frame()
        sender.join(20)
        self.assertFalse(sender.is_alive())
        slot = self.board.slot(1)
        self.assertEqual(slot["held"], 0)
        self.assertGreater(slot["started"], started)
        self.assertLessEqual(slot["started"], time.monotonic_ns())
        (frame,) = frames_of(received)
        return frame

    def test_a_frame_that_the_socket_does_not_take_is_held_and_arrives_whole(self) -> None:
        data = os.urandom(2 * MIB)
        frame = self.send_while_nobody_reads(b"200 OK\r\n", data)
        self.assertEqual(frame.head, "200 OK\r\n")
        self.assertEqual(hashlib.sha256(frame.data).digest(), hashlib.sha256(data).digest())

    def test_a_frame_whose_head_alone_is_more_than_the_socket_takes_arrives_whole(self) -> None:
        head = b"200 OK\r\nX: " + b"x" * MIB + b"\r\n"
        frame = self.send_while_nobody_reads(head, b"y" * MIB)
        self.assertEqual((frame.head.encode(), frame.data), (head, b"y" * MIB))

    def test_a_frame_that_comes_from_a_file_is_held_and_arrives_whole(self) -> None:
        data = os.urandom(2 * MIB)
        with tempfile.TemporaryFile() as file:
            file.write(data)
            file.flush()
            self.claim.claim(77, 5, time.monotonic_ns())
            sender = threading.Thread(
                target=self.channel.body_from_file,
                args=(77, END, file.fileno()),
                kwargs={"offset": 5, "size": len(data) - 5},
                daemon=True,
            )
            sender.start()
            self.wait_until_held()
            received = self.read_frame()
            sender.join(20)
        self.assertEqual(self.board.slot(1)["held"], 0)
        self.assertEqual(received[16:], data[5:])
        self.assertTrue(os.get_blocking(self.channel._socket.fileno()))

    def test_a_file_that_becomes_shorter_ends_the_channel(self) -> None:
        with tempfile.TemporaryFile() as file:
            file.write(b"short")
            file.flush()
            with self.assertRaisesRegex(ChannelLost, "became shorter"):
                self.channel.body_from_file(77, END, file.fileno(), offset=0, size=6)
        self.assertTrue(self.channel.is_lost)

    def test_a_small_frame_is_held_while_the_socket_is_full(self) -> None:
        filled = 0
        try:
            while True:
                filled += self.channel._socket.send(b"x" * 4096, socket.MSG_DONTWAIT)
        except BlockingIOError:
            pass
        sender = threading.Thread(target=self.channel.body, args=(77, END, b"data"), daemon=True)
        sender.start()
        self.wait_until_held()
        self._read_exactly(filled)
        self.assertEqual(frames_of(self.read_frame()), [Frame(BODY, END, 0, 77, "", b"data")])
        sender.join(20)
        self.assertEqual(self.board.slot(1)["held"], 0)

    def test_a_frame_that_fits_is_not_held(self) -> None:
        self.claim.claim(77, 5, 1000)
        self.channel.head(77, 200, END, head=b"200 OK\r\n", body=b"x" * 40_000)
        self.assertEqual((self.board.slot(1)["held"], self.board.slot(1)["started"]), (0, 1000))

    def test_an_exception_out_of_a_signal_handler_closes_the_channel_amid_a_frame(self) -> None:
        class Interrupted(BaseException):
            pass

        def handler(signum: int, frame: object) -> None:
            raise Interrupted

        previous = signal.signal(signal.SIGUSR1, handler)
        self.addCleanup(signal.signal, signal.SIGUSR1, previous)
        main = threading.main_thread().ident
        assert main is not None

        def interrupt() -> None:
            self.wait_until_held()
            signal.pthread_kill(main, signal.SIGUSR1)

        interrupter = threading.Thread(target=interrupt, daemon=True)
        interrupter.start()
        with self.assertRaises(Interrupted):
            self.channel.body(77, END, b"x" * (2 * MIB))
        interrupter.join(20)
        self.assertTrue(self.channel.is_lost)
        self.assertEqual(self.board.slot(1)["held"], 0)
        with self.assertRaises(ChannelLost):
            self.channel.body(77, END, b"")


class Loss(WorkerSideTest):
    def test_every_sending_method_reports_a_gateway_that_has_gone(self) -> None:
        for name, arguments, *named in (
            ("skip", (77,)),
            ("probed", (77,)),
            ("ask", (77, 1, 1)),
            ("hints", (77, b"A: b\r\n")),
            ("head", (77, 200, END), {"head": b"200 OK\r\n", "body": b"small"}),
            ("head", (77, 200, END), {"head": b"200 OK\r\n", "body": b"x" * MIB}),
            ("body", (77, END, b"small")),
            ("body", (77, END, b"x" * MIB)),
        ):
            with self.subTest(name, arguments=len(arguments)):
                self.setUp()
                self.gateway.close()
                with self.assertRaises(ChannelLost):
                    getattr(self.channel, name)(*arguments, **(named[0] if named else {}))
                self.assertTrue(self.channel.is_lost)

    def test_a_gateway_that_goes_while_the_worker_waits_in_send_is_reported(self) -> None:
        outcome: list[BaseException] = []

        def send() -> None:
            try:
                self.channel.body(77, END, b"x" * (4 * MIB))
            except ChannelLost as error:
                outcome.append(error)

        sender = threading.Thread(target=send, daemon=True)
        sender.start()
        self._read_exactly(1000)
        self.gateway.close()
        sender.join(20)
        self.assertEqual([type(error) for error in outcome], [ChannelLost])
        self.assertEqual(self.board.slot(1)["held"], 0)


class Taken(WorkerSideTest):
    def test_anything_else_than_taken_for_this_ticket_loses_the_channel(self) -> None:
        for name, answer in (
            ("another ticket", struct.pack("<IBBHQ", 16, TAKEN, 0, 0, 78)),
            ("another type", struct.pack("<IBBHQ", 16, GONE, 0, 0, 77)),
            ("a payload", struct.pack("<IBBHQ", 17, TAKEN, 0, 0, 77) + b"x"),
            ("the end of the channel", b""),
        ):
            with self.subTest(name):
                self.setUp()
                self.gateway.sendall(answer)
                self.gateway.shutdown(socket.SHUT_WR)
                with self.assertRaises(ChannelLost):
                    self.channel.await_taken(77)
                self.assertTrue(self.channel.is_lost)
                self.assertEqual(self.board.slot(1)["held"], 0)


class Connect(WorkerSideTest):
    def test_says_hello_first(self) -> None:
        path = os.path.join(self.directory, "gateway-5.sock")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path)
            listener.listen()
            channel = Channel.prepare(path, None, claim=self.claim, identity=ChannelIdentity(1, 4242, 9))
            self.addCleanup(channel.close)
            channel.connect()
            accepted, _ = listener.accept()
            with accepted:
                (frame,) = frames_of(accepted.recv(100))
        self.assertEqual(frame.type, HELLO)
        self.assertEqual(frame.data, b"\x01\0\0\0\x92\x10\0\0\x09\0\0\0")

    def test_without_a_listener_the_channel_is_lost_and_the_path_named(self) -> None:
        path = os.path.join(self.directory, "nobody.sock")
        with self.assertRaisesRegex(ChannelLost, "nobody.sock: No such file"):
            Channel.prepare(path, None, claim=self.claim, identity=ChannelIdentity(1, 1, 1)).connect()


class LargeAnswers(WorkerSideTest):
    def test_ask_puts_together_an_answer_that_arrives_in_pieces(self) -> None:
        fields = b"A\0b"
        body = os.urandom(3 * MIB)
        frame = (16 + len(fields) + len(body)).to_bytes(4, "little") + b"\x07\0\0\0" + (77).to_bytes(8, "little")

        def answer() -> None:
            self.read_frame()
            for start in range(0, len(body) + 19, 100_000):
                self.gateway.sendall((frame + fields + body)[start : start + 100_000])

        gateway = threading.Thread(target=answer, daemon=True)
        gateway.start()
        self.assertEqual(self.channel.ask(77, len(fields), len(body)), (fields, body))
        gateway.join(20)


if __name__ == "__main__":
    unittest.main()
