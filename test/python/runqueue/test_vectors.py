"""The worker's half of RUNQUEUE.md against test/vectors/runqueue.json, as the gateway's half is tested too."""

from __future__ import annotations

import json
import os
import random
import struct
import unittest
from typing import Any

from gateway_double import ROOT, WorkerSideTest, frames_of

from tunicorn.channels import channel_frame
from tunicorn.channels.channel_frame import ABORTED, END, FRAMED, TEXT
from tunicorn.channels.channel_socket import ChannelLost
from tunicorn.channels.frame_reader import FrameReader
from tunicorn.channels.channel_frame import FrameError
from tunicorn.runqueue.claims_board import BoardError, ClaimsBoard
from tunicorn.runqueue.ticket import FOLLOWS, KIND_RUN, RAW_PATH, STREAMED, UPGRADE, Ticket, TicketError, decode, parse_fields

with open(os.path.join(ROOT, "test", "vectors", "runqueue.json"), encoding="ascii") as file:
    VECTORS: dict[str, Any] = json.load(file)


def buffer_of(hexadecimal: str) -> bytearray:
    return bytearray(bytes.fromhex(hexadecimal).ljust(4096, b"\0"))


def decoded(frame: channel_frame.GatewayFrame) -> dict[str, Any]:
    types = {getattr(channel_frame, name): name for name in ("DATA", "GONE", "MESSAGE", "CLOSE")}
    fields = frame._asdict()
    payload = fields.pop("payload")
    return {**fields, "type": types[frame.type], "payloadHex": payload.hex()}


class Tickets(unittest.TestCase):
    def test_decode_reads_every_good_ticket(self) -> None:
        for vector in VECTORS["tickets"]["good"]:
            with self.subTest(vector["name"]):
                ticket = decode(buffer_of(vector["hex"]))
                decoded = {
                    "kind": "run" if ticket.kind == KIND_RUN else "probe",
                    "follows": bool(ticket.flags & FOLLOWS),
                    "rawPath": bool(ticket.flags & RAW_PATH),
                    "streamed": bool(ticket.flags & STREAMED),
                    "upgrade": bool(ticket.flags & UPGRADE),
                    "waitedMs": ticket.waited_ms,
                    "id": ticket.id,
                    "gateway": ticket.gateway,
                    "cancel": ticket.cancel,
                    "fieldsBytes": ticket.fields_length,
                    "bodyBytes": ticket.body_length,
                    "fields": [list(item) for item in ticket.fields.items()],
                    "bodyHex": ticket.body.hex(),
                }
                self.assertEqual(decoded, vector["decoded"])

    def test_decode_refuses_every_bad_ticket_and_names_what_is_wrong(self) -> None:
        for vector in VECTORS["tickets"]["bad"]:
            with self.subTest(vector["name"]), self.assertRaisesRegex(TicketError, vector["wrong"]):
                decode(buffer_of(vector["hex"]))

    def test_decode_answers_any_bytes_with_a_ticket_or_a_ticket_error(self) -> None:
        source = random.Random(20)
        good = [buffer_of(vector["hex"]) for vector in VECTORS["tickets"]["good"]]
        outcomes = {Ticket: 0, TicketError: 0}
        for _ in range(20_000):
            buffer = bytearray(source.choice(good))
            for _ in range(source.randrange(1, 4)):
                buffer[source.randrange(0, 64)] = source.choice((0, 1, 2, 32, 255, source.randrange(256)))
            try:
                outcomes[type(decode(buffer))] += 1
            except TicketError:
                outcomes[TicketError] += 1
        self.assertGreater(min(outcomes.values()), 1000, outcomes)


class Frames(WorkerSideTest):
    def test_the_channel_sends_every_worker_frame_byte_for_byte(self) -> None:
        for vector in VECTORS["workerFrames"]["good"]:
            with self.subTest(vector["name"]):
                self.send(vector["decoded"])
                self.assertEqual(self.waiting_bytes().hex(), vector["hex"])

    def send(self, frame: dict[str, Any]) -> None:
        kind = frame["type"]
        flags = (
            (END if frame.get("end") else 0)
            | (FRAMED if frame.get("framed") else 0)
            | (ABORTED if frame.get("aborted") else 0)
        )
        if kind == "HELLO":
            self.channel._transmit(channel_frame.hello_frame(frame["slot"], frame["pid"], frame["generation"]))
        elif kind == "ASK":
            with self.assertRaises(ChannelLost):
                self.ask_without_an_answer(frame["id"])
        elif kind == "HEAD":
            head = frame["head"].encode("latin-1")
            self.channel.head(frame["id"], frame["status"], flags, head=head, body=bytes.fromhex(frame["bodyHex"]))
        elif kind == "HINTS":
            self.channel.hints(frame["id"], frame["lines"].encode("latin-1"))
        elif kind == "BODY":
            self.channel.body(frame["id"], flags, bytes.fromhex(frame["bodyHex"]))
        elif kind == "FAILED":
            self.channel.failed(frame["id"], frame["closing"])
        elif kind == "WATCH":
            self.channel.watch(frame["id"])
        elif kind == "MESSAGE":
            data = bytes.fromhex(frame["bodyHex"])
            header = channel_frame.message_header(frame["id"], TEXT if frame["text"] else 0, len(data))
            self.channel._transmit(header + data)
        elif kind == "CLOSE":
            self.channel._transmit(channel_frame.close_frame(frame["id"], frame["code"], frame["reason"]))
        elif kind == "TRAILERS":
            self.channel._transmit(channel_frame.trailers_frame(frame["id"], frame["lines"].encode("latin-1")))
        elif kind == "TUNNEL":
            self.assertIs(self.channel.tunnel(frame["id"]), self.channel._socket)
            self.assertTrue(self.channel.is_lost)
        elif kind == "SKIP":
            self.channel.skip(frame["id"])
        elif kind == "PROBED":
            self.channel.probed(frame["id"])
        else:
            self.fail(f"unknown frame type {kind}")

    def ask_without_an_answer(self, ticket_id: int) -> None:
        self.gateway.shutdown(1)  # SHUT_WR: the worker reads end-of-file, and the test still reads what it sent
        try:
            self.channel.ask(ticket_id, 0, 0)
        finally:
            sent = self.gateway.recv(100)
            self.setUp()
            self.channel._socket.send(sent)

    def test_ask_returns_what_every_good_answer_holds(self) -> None:
        for vector in VECTORS["gatewayFrames"]["good"]:
            if vector["decoded"]["type"] == "TAKEN":
                continue
            with self.subTest(vector["name"]):
                self.gateway.sendall(bytes.fromhex(vector["hex"]))
                asked, decoded = vector["asked"], vector["decoded"]
                answer = self.channel.ask(asked["id"], asked["fieldsBytes"], asked["bodyBytes"])
                if decoded["type"] == "GONE":
                    self.assertIsNone(answer)
                    continue
                assert answer is not None
                self.assertEqual([list(item) for item in parse_fields(answer[0]).items()], decoded["fields"])
                self.assertEqual(answer[1].hex(), decoded["bodyHex"])

    def test_ask_loses_the_channel_over_every_bad_answer(self) -> None:
        for vector in VECTORS["gatewayFrames"]["bad"]:
            with self.subTest(vector["name"]):
                self.setUp()
                self.gateway.sendall(bytes.fromhex(vector["hex"]))
                self.gateway.shutdown(1)
                asked = vector["asked"]
                with self.assertRaises(ChannelLost):
                    self.channel.ask(asked["id"], asked["fieldsBytes"], asked["bodyBytes"])
                self.assertTrue(self.channel.is_lost)

    def test_receive_frame_returns_every_good_frame_of_its_ticket_and_no_other(self) -> None:
        for vector in VECTORS["watchFrames"]["good"]:
            with self.subTest(vector["name"]):
                wanted = vector["decoded"]
                self.gateway.sendall(struct.pack("<IBBHQ", 19, channel_frame.DATA, 0, 0, 5) + b"old")
                self.gateway.sendall(bytes.fromhex(vector["hex"]))
                self.assertEqual(decoded(self.channel.receive_frame(wanted["id"])), wanted)

    def test_receive_frame_loses_the_channel_over_every_bad_frame(self) -> None:
        for vector in VECTORS["watchFrames"]["bad"]:
            with self.subTest(vector["name"]):
                self.setUp()
                self.gateway.sendall(bytes.fromhex(vector["hex"]))
                with self.assertRaises(ChannelLost):
                    self.channel.receive_frame(77)
                self.assertTrue(self.channel.is_lost)

    def test_the_frame_reader_reads_all_good_frames_however_they_are_cut(self) -> None:
        vectors = VECTORS["watchFrames"]["good"]
        data = b"".join(bytes.fromhex(vector["hex"]) for vector in vectors)
        wanted = [vector["decoded"] for vector in vectors]
        for size in (*range(1, 60), len(data)):
            reader = FrameReader()
            frames = [frame for at in range(0, len(data), size) for frame in reader.feed(data[at : at + size])]
            self.assertEqual([decoded(frame) for frame in frames], wanted, f"in pieces of {size}")

    def test_the_frame_reader_refuses_every_bad_frame_however_it_is_cut(self) -> None:
        for vector in VECTORS["watchFrames"]["bad"]:
            data = bytes.fromhex(vector["hex"])
            for cut in range(1, len(data) + 1):
                with self.subTest(vector["name"], cut=cut), self.assertRaises(FrameError):
                    reader = FrameReader()
                    reader.feed(data[:cut])
                    reader.feed(data[cut:])

    def test_frames_of_a_watched_ticket_that_is_over_do_not_disturb_what_follows(self) -> None:
        late = struct.pack("<IBBHQ", 20, channel_frame.DATA, 0, 0, 70) + b"late"
        self.channel.watch(70)
        taken = struct.pack("<IBBHQ", 16, channel_frame.TAKEN, 0, 0, 70)
        self.gateway.sendall(late + taken + late + struct.pack("<IBBHQ", 17, channel_frame.DATA, 0, 0, 71) + b"f")
        self.channel.await_taken(70)
        self.assertEqual(self.channel.ask(71, 1, 0), (b"f", b""))

    def test_await_taken_accepts_every_good_taken(self) -> None:
        taken = [vector for vector in VECTORS["gatewayFrames"]["good"] if vector["decoded"]["type"] == "TAKEN"]
        self.assertGreater(len(taken), 0)
        for vector in taken:
            with self.subTest(vector["name"]):
                self.gateway.sendall(bytes.fromhex(vector["hex"]))
                self.channel.await_taken(vector["decoded"]["id"])
                with self.assertRaises(ChannelLost):
                    self.gateway.sendall(bytes.fromhex(vector["hex"]))
                    self.channel.await_taken(vector["decoded"]["id"] - 1)
                self.setUp()

    def test_every_good_conversation_is_made_of_the_frames_that_it_lists(self) -> None:
        for vector in VECTORS["conversations"]["good"]:
            with self.subTest(vector["name"]):
                frames = frames_of(bytes.fromhex(vector["hex"]))
                types = [getattr(channel_frame, name) for name in vector["types"]]
                # Everything after TUNNEL is raw.
                self.assertEqual([frame.type for frame in frames][: len(types)], types)


class Boards(WorkerSideTest):
    def map(self, hexadecimal: str) -> ClaimsBoard:
        with open(self.board.path, "wb") as file:
            file.write(bytes.fromhex(hexadecimal))
        return ClaimsBoard.open(self.board.path)

    def test_a_board_that_is_written_slot_by_slot_has_the_bytes_of_the_vector(self) -> None:
        for vector in VECTORS["boards"]["good"]:
            with self.subTest(vector["name"]):
                decoded = vector["decoded"]
                workers, cancels = decoded["workers"], decoded["cancels"]
                empty = b"TNBORD01" + struct.pack("<QQ", workers, len(cancels)) + bytes(40 + 64 * workers)
                board = self.map((empty + struct.pack(f"<{len(cancels)}Q", *cancels)).hex())
                for number, wanted in enumerate(decoded["slots"]):
                    self.write_slot(board, number, wanted)
                with open(self.board.path, "rb") as file:
                    self.assertEqual(file.read().hex(), vector["hex"])

    def write_slot(self, board: ClaimsBoard, number: int, wanted: dict[str, int]) -> None:
        slot = board.slot(number)
        slot.begin(wanted["pid"])
        for _ in range(wanted["taken"]):
            slot.claim(wanted["claim"], wanted["gateway"], wanted["startedNs"])
        # The worker does not control the clock, so the vector's reading is written where hold() writes it.
        slot._slot[2] = wanted["heldNs"]

    def test_is_cancelled_reads_the_entries_of_every_good_board(self) -> None:
        for vector in VECTORS["boards"]["good"]:
            slot = self.map(vector["hex"]).slot(0)
            for index, ticket_id in enumerate(vector["decoded"]["cancels"]):
                with self.subTest(vector["name"], index=index):
                    self.assertTrue(slot.is_cancelled(index, ticket_id))
                    self.assertFalse(slot.is_cancelled(index, ticket_id + 1))

    def test_open_refuses_every_bad_board(self) -> None:
        for vector in VECTORS["boards"]["bad"]:
            with self.subTest(vector["name"]), self.assertRaises(BoardError):
                self.map(vector["hex"])


if __name__ == "__main__":
    unittest.main()
