"""WebSockets of ASGI applications: every order of messages that the specification allows or forbids, and the
frames that the gateway gets.
"""

from __future__ import annotations

import asyncio
import unittest
from typing import Any, Dict, List, Optional

from asgi_doubles import TICKET, Application, Channel, Place, sends, settle, ticket

from tunicorn.asgi.http.head import InvalidResponse
from tunicorn.asgi.next_turn import NextTurn
from tunicorn.asgi.held_messages import HeldMessages
from tunicorn.asgi.web_socket.web_socket import WebSocket
from tunicorn.channels.channel_frame import CLOSE, GONE, MESSAGE, TEXT

UPGRADED = "101 Switching Protocols\r\n"
FORBIDDEN_HEAD = "403 Forbidden\r\ncontent-length: 0\r\n"
FAILED_HEAD = "500 Internal Server Error\r\ncontent-length: 0\r\n"


def accept(**more: Any) -> Dict[str, Any]:
    return {"type": "websocket.accept", **more}


def text(data: str) -> Dict[str, Any]:
    return {"type": "websocket.send", "text": data}


def close(**more: Any) -> Dict[str, Any]:
    return {"type": "websocket.close", **more}


def deny(status: Any, *headers: Any) -> Dict[str, Any]:
    return {"type": "websocket.http.response.start", "status": status, "headers": list(headers)}


def denial(data: bytes = b"", more: bool = False) -> Dict[str, Any]:
    return {"type": "websocket.http.response.body", "body": data, "more_body": more}


class Bench:
    def __init__(self) -> None:
        self.channel = Channel()
        self.place = Place(asyncio.get_running_loop())
        self.ended: List[Any] = []
        self.held = HeldMessages()
        self.socket = WebSocket(
            self.place, self.channel, ticket(), ended=self.ended.append, held=self.held, next_turn=NextTurn(self.place.loop),  # type: ignore
        )
        self.error: Optional[BaseException] = None
        self.complaint: Optional[str] = None
        assert [frame.type for frame in self.channel.frames] == ["WATCH"] and self.channel.reading
        self.channel.frames.clear()

    async def run(self, app: Application) -> None:
        try:
            await app(self.socket.receive, self.socket.send)
        except Exception as error:
            self.error = error
            self.socket.fail()
        else:
            complaint = self.socket.returned()
            self.complaint = None if complaint is None else complaint.text

    @property
    def sent(self) -> List[Any]:
        return [
            (each.type, each.flags, each.head or each.status, each.payload.decode("latin-1"))
            for each in self.channel.frames
        ]

    async def received(self) -> Dict[str, Any]:
        message: Dict[str, Any] = await self.socket.receive()
        return message


def run(app: Application) -> Bench:
    async def main() -> Bench:
        bench = Bench()
        await bench.run(app)
        return bench

    return asyncio.run(main())


ACCEPTED = ("HEAD", "", UPGRADED, "")
NORMAL = ("CLOSE", "END", 1000, "")
INTERNAL = ("CLOSE", "END", 1011, "Internal Error")

ALLOWED: List[Any] = [
    ("accept, and return", [accept()], [ACCEPTED, NORMAL]),
    (
        "accept with a subprotocol",
        [accept(subprotocol="chat")],
        [("HEAD", "", UPGRADED + "sec-websocket-protocol: chat\r\n", ""), NORMAL],
    ),
    (
        "accept with headers, less those of the server",
        [
            accept(
                headers=[
                    (b"X-A", b"1"),
                    (b"set-cookie", b"a=1"),
                    (b"set-cookie", b"b=2"),
                    (b"Upgrade", b"x"),
                    (b"Date", b"x"),
                ]
            )
        ],
        [("HEAD", "", UPGRADED + "X-A: 1\r\nset-cookie: a=1\r\nset-cookie: b=2\r\n", ""), NORMAL],
    ),
    ("accept with nothing said", [accept(subprotocol=None, headers=None)], [ACCEPTED, NORMAL]),
    (
        "messages of both kinds",
        [
            *(accept(), text("grüße"), {"type": "websocket.send", "bytes": b"\0\xff"}, text("")),
            {"type": "websocket.send", "bytes": None, "text": "a"},
            {"type": "websocket.send", "bytes": bytearray(b"b"), "text": None},
            {"type": "websocket.send", "bytes": b""},
        ],
        [
            ACCEPTED,
            ("MESSAGE", "TEXT", 0, "grüße".encode().decode("latin-1")),
            ("MESSAGE", "", 0, "\0\xff"),
            ("MESSAGE", "TEXT", 0, ""),
            ("MESSAGE", "TEXT", 0, "a"),
            ("MESSAGE", "", 0, "b"),
            ("MESSAGE", "", 0, ""),
            NORMAL,
        ],
    ),
    ("close", [accept(), close()], [ACCEPTED, NORMAL]),
    ("close with None for a code", [accept(), close(code=None, reason=None)], [ACCEPTED, NORMAL]),
    (
        "close with a code and a reason",
        [accept(), close(code=4001, reason="täglich")],
        [ACCEPTED, ("CLOSE", "END", 4001, "täglich".encode().decode("latin-1"))],
    ),
    (
        "a reason that is too long is cut between characters",
        [accept(), close(reason="ü" * 100)],
        [ACCEPTED, ("CLOSE", "END", 1000, ("ü" * 61).encode().decode("latin-1"))],
    ),
    ("close before accept is 403", [close()], [("HEAD", "END|FRAMED", FORBIDDEN_HEAD, "")]),
    ("close with a code before accept is 403", [close(code=1008)], [("HEAD", "END|FRAMED", FORBIDDEN_HEAD, "")]),
    (
        "a denial in one message",
        [deny(401, (b"www-authenticate", b"Basic")), denial(b"no")],
        [("HEAD", "END|FRAMED", "401 Unauthorized\r\nwww-authenticate: Basic\r\ncontent-length: 2\r\n", "no")],
    ),
    (
        "a denial in pieces with its length",
        [deny(404, (b"content-length", b"2")), denial(b"n", True), denial(b"o")],
        [("HEAD", "FRAMED", "404 Not Found\r\ncontent-length: 2\r\n", "n"), ("BODY", "END", 0, "o")],
    ),
]

FORBIDDEN: List[Any] = [
    (
        "a message before accept",
        [text("a")],
        RuntimeError,
        "before it was answered",
        [("HEAD", "END|FRAMED", FAILED_HEAD, "")],
    ),
    ("two accepts", [accept(), accept()], RuntimeError, "while it is open", [ACCEPTED, INTERNAL]),
    (
        "a message after close",
        [accept(), close(), text("a")],
        RuntimeError,
        "after the application closed it",
        [ACCEPTED, NORMAL],
    ),
    ("two closes", [accept(), close(), close()], RuntimeError, "after the application closed it", [ACCEPTED, NORMAL]),
    (
        "accept after close",
        [close(), accept()],
        RuntimeError,
        "after the application closed it",
        [("HEAD", "END|FRAMED", FORBIDDEN_HEAD, "")],
    ),
    (
        "a message with nothing in it",
        [accept(), {"type": "websocket.send"}],
        RuntimeError,
        "neither",
        [ACCEPTED, INTERNAL],
    ),
    (
        "a message of HTTP",
        [accept(), {"type": "http.response.start", "status": 200}],
        RuntimeError,
        "http.response.start",
        [ACCEPTED, INTERNAL],
    ),
    ("a denial after accept", [accept(), deny(401)], RuntimeError, "while it is open", [ACCEPTED, INTERNAL]),
    (
        "a denial's body first",
        [denial(b"x")],
        RuntimeError,
        "before it was answered",
        [("HEAD", "END|FRAMED", FAILED_HEAD, "")],
    ),
    (
        "accept within a denial",
        [deny(401), denial(b"a", True), accept()],
        RuntimeError,
        "being denied",
        [("HEAD", "", "401 Unauthorized\r\n", "a"), ("BODY", "END|ABORTED", 0, "")],
    ),
    (
        "close within a denial",
        [deny(401), denial(b"a", True), close()],
        RuntimeError,
        "being denied",
        [("HEAD", "", "401 Unauthorized\r\n", "a"), ("BODY", "END|ABORTED", 0, "")],
    ),
    (
        "a denial beyond its length",
        [deny(401, (b"content-length", b"1")), denial(b"a", True), denial(b"b")],
        RuntimeError,
        "longer",
        [("HEAD", "FRAMED", "401 Unauthorized\r\ncontent-length: 1\r\n", "a"), ("BODY", "END|ABORTED", 0, "")],
    ),
    (
        "a denial after a denial",
        [deny(401), denial(b"a"), denial(b"b")],
        RuntimeError,
        "after the application closed it",
        [("HEAD", "END|FRAMED", "401 Unauthorized\r\ncontent-length: 1\r\n", "a")],
    ),
    ("a denial of 101", [deny(101)], RuntimeError, "101", [("HEAD", "END|FRAMED", FAILED_HEAD, "")]),
    (
        "a denial with a bad header",
        [deny(401, (b"a b", b""))],
        InvalidResponse,
        "a b",
        [("HEAD", "END|FRAMED", FAILED_HEAD, "")],
    ),
    (
        "accept with a bad header",
        [accept(headers=[(b"a", b"\n")])],
        InvalidResponse,
        "control",
        [("HEAD", "END|FRAMED", FAILED_HEAD, "")],
    ),
    (
        "accept with a subprotocol of two lines",
        [accept(subprotocol="a\r\nb")],
        InvalidResponse,
        "control",
        [("HEAD", "END|FRAMED", FAILED_HEAD, "")],
    ),
    ("a close code that is no number", [accept(), close(code="1000")], RuntimeError, "'1000'", [ACCEPTED, INTERNAL]),
    ("a close code that there is none of", [accept(), close(code=999)], RuntimeError, "999", [ACCEPTED, INTERNAL]),
    ("a close code that does not fit", [accept(), close(code=70000)], RuntimeError, "70000", [ACCEPTED, INTERNAL]),
    ("text that is no UTF-8", [accept(), text("\ud800")], UnicodeEncodeError, "surrogates", [ACCEPTED, INTERNAL]),
]

UNFINISHED: List[Any] = [
    ("nothing", [], "without answering", [("HEAD", "END|FRAMED", FAILED_HEAD, "")]),
    ("a denial's start alone", [deny(401)], "before sending a body", [("FAILED", "END", 0, "")]),
    (
        "half a denial",
        [deny(401), denial(b"a", True)],
        "before completing its response",
        [("HEAD", "", "401 Unauthorized\r\n", "a"), ("BODY", "END|ABORTED", 0, "")],
    ),
]


class Orders(unittest.TestCase):
    def test_everything_that_the_specification_allows(self) -> None:
        for name, messages, expected in ALLOWED:
            with self.subTest(name):
                bench = run(sends(*messages))
                self.assertEqual((bench.error, bench.complaint), (None, None))
                self.assertEqual(bench.sent, expected)
                self.assertEqual((bench.place.finished, bench.ended), (1, [bench.socket]))

    def test_forbidden_messages_raise_in_the_application_and_end_the_WebSocket(self) -> None:
        for name, messages, error, words, expected in FORBIDDEN:
            with self.subTest(name):
                bench = run(sends(*messages))
                self.assertIsInstance(bench.error, error)
                self.assertIn(words, str(bench.error))
                self.assertEqual(bench.sent, expected)
                self.assertEqual((bench.place.finished, bench.ended), (1, [bench.socket]))

    def test_an_unfinished_exchange_is_logged_and_ended(self) -> None:
        for name, messages, complaint, expected in UNFINISHED:
            with self.subTest(name):
                bench = run(sends(*messages))
                self.assertIn(complaint, bench.complaint or "")
                self.assertEqual(bench.sent, expected)
                self.assertEqual(bench.place.finished, 1)


class Receiving(unittest.IsolatedAsyncioTestCase):
    async def open(self) -> Bench:
        bench = Bench()
        self.assertEqual(await bench.received(), {"type": "websocket.connect"})
        await bench.socket.send(accept())
        bench.channel.frames.clear()
        return bench

    async def test_messages_come_in_their_order_as_text_or_bytes(self) -> None:
        bench = await self.open()
        bench.channel.gives(MESSAGE, TEXT, "grüße".encode())
        bench.channel.gives(MESSAGE, TEXT, b"of another", ticket=TICKET + 1)
        bench.channel.gives(MESSAGE, 0, b"\xff")
        bench.channel.gives(MESSAGE, TEXT, b"")
        self.assertEqual(await bench.received(), {"type": "websocket.receive", "text": "grüße"})
        self.assertEqual(await bench.received(), {"type": "websocket.receive", "bytes": b"\xff"})
        self.assertEqual(await bench.received(), {"type": "websocket.receive", "text": ""})

    async def test_the_clients_close_comes_after_its_messages_and_again_each_time(self) -> None:
        bench = await self.open()
        bench.channel.gives(MESSAGE, TEXT, b"a")
        bench.channel.gives(CLOSE, 0, "tschüss".encode(), status=4000)
        self.assertEqual((await bench.received())["text"], "a")
        for _ in range(2):
            self.assertEqual(
                await bench.received(), {"type": "websocket.disconnect", "code": 4000, "reason": "tschüss"}
            )
        with self.assertRaises(OSError):
            await bench.socket.send(text("late"))
        await bench.socket.send(close())
        await bench.socket.send(close())
        self.assertEqual(bench.sent, [NORMAL])
        self.assertEqual(bench.place.finished, 1)

    async def test_an_application_that_returns_after_the_clients_close_ends_the_ticket(self) -> None:
        bench = await self.open()
        bench.channel.gives(CLOSE, status=1001)
        self.assertTrue(bench.socket.is_gone)
        self.assertIsNone(bench.socket.returned())
        self.assertEqual(bench.sent, [NORMAL])

    async def test_a_client_that_vanishes_is_1006(self) -> None:
        for way in ("gone", "lost"):
            bench = await self.open()
            waiting = [asyncio.ensure_future(bench.received()) for _ in range(2)]
            await settle()
            bench.channel.gives(GONE) if way == "gone" else bench.channel.lose()
            for each in waiting:
                self.assertEqual(await each, {"type": "websocket.disconnect", "code": 1006, "reason": ""})
            with self.assertRaises(OSError):
                await bench.socket.send(text("late"))
            bench.socket.fail()
            self.assertEqual(bench.place.finished, 1)

    async def test_a_client_that_leaves_before_the_answer(self) -> None:
        bench = Bench()
        bench.channel.gives(GONE)
        self.assertEqual(await bench.received(), {"type": "websocket.connect"})
        self.assertEqual((await bench.received())["code"], 1006)
        with self.assertRaises(OSError):
            await bench.socket.send(accept())
        self.assertIsNone(bench.socket.returned())
        self.assertEqual([each[:2] for each in bench.sent], [("HEAD", "END|FRAMED")])

    async def test_a_client_that_leaves_in_the_middle_of_its_denial(self) -> None:
        bench = Bench()
        await bench.socket.send(deny(401))
        await bench.socket.send(denial(b"a", True))
        bench.channel.gives(GONE)
        with self.assertRaises(OSError):
            await bench.socket.send(denial(b"b"))
        self.assertTrue(bench.socket.is_gone)
        self.assertIsNone(bench.socket.returned())
        self.assertEqual([each[:2] for each in bench.sent], [("HEAD", ""), ("BODY", "END|ABORTED")])
        self.assertEqual((bench.place.finished, bench.ended), (1, [bench.socket]))

    async def test_whoever_waits_is_told_of_the_applications_own_close(self) -> None:
        bench = await self.open()
        waiting = asyncio.ensure_future(bench.received())
        await settle()
        await bench.socket.send(close(code=4000, reason="bye"))
        self.assertEqual(await waiting, {"type": "websocket.disconnect", "code": 4000, "reason": "bye"})
        bench.channel.gives(MESSAGE, TEXT, b"late")
        self.assertEqual((await bench.received())["type"], "websocket.disconnect")

    async def test_messages_that_are_not_received_stop_the_client(self) -> None:
        for size, count in ((300_000, 4), (0, 5000)):
            bench = await self.open()
            given = 0
            while bench.channel.reading:
                bench.channel.gives(MESSAGE, 0, b"a" * size)
                given += 1
                self.assertLessEqual(given, count)
            self.assertGreater(given, 1)
            await bench.received()
            self.assertTrue(bench.channel.reading)
            for _ in range(given - 1):
                await bench.received()

    async def test_send_waits_while_the_client_reads_slowly(self) -> None:
        bench = await self.open()
        bench.channel.room = asyncio.Event()
        sending = asyncio.ensure_future(bench.socket.send(text("a")))
        await settle()
        self.assertFalse(sending.done())
        bench.channel.room.set()
        await sending

    async def test_an_application_that_polls_with_a_time_limit_leaves_nothing_behind(self) -> None:
        bench = await self.open()
        for _ in range(50):
            with self.assertRaises(asyncio.TimeoutError):
                await asyncio.wait_for(bench.received(), 0)
        for _ in range(50):
            task = asyncio.ensure_future(bench.received())
            await asyncio.sleep(0)
            task.cancel()
        await settle()
        self.assertEqual(len(bench.socket._incoming._waiters), 0)
        bench.channel.gives(MESSAGE, TEXT, b"a")
        self.assertEqual((await bench.received())["text"], "a")


if __name__ == "__main__":
    unittest.main()
