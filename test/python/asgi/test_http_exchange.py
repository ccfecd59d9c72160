"""HTTP requests of ASGI applications: every order of messages that the specification allows or forbids, and the
frames that the gateway gets.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import unittest
from http import HTTPStatus
from typing import Any, Dict, List, Optional

from asgi_doubles import TICKET, Application, Channel, Place, sends, settle, ticket

from tunicorn.channels.client_gone import ClientGone
from tunicorn.asgi.http.head import InvalidResponse
from tunicorn.asgi.http.http_exchange import HttpExchange
from tunicorn.asgi.http.http_response import MAX_PIECE_BYTES
from tunicorn.channels.channel_frame import ABORTED, DATA, END, GONE
from tunicorn.runqueue.ticket import STREAMED

OK = "200 OK\r\n"
NO_CONTENT = "204 No Content\r\n"


def start(status: Any = 200, *headers: Any, **more: Any) -> Dict[str, Any]:
    return {"type": "http.response.start", "status": status, "headers": list(headers), **more}


def body(data: Any = b"", more: Optional[bool] = None) -> Dict[str, Any]:
    message = {"type": "http.response.body", "body": data}
    return message if more is None else {**message, "more_body": more}


def trailers(*headers: Any, more: bool = False) -> Dict[str, Any]:
    return {"type": "http.response.trailers", "headers": list(headers), "more_trailers": more}


def hint(*links: bytes) -> Dict[str, Any]:
    return {"type": "http.response.early_hint", "links": links}


def pathsend(path: str) -> Dict[str, Any]:
    return {"type": "http.response.pathsend", "path": path}


def length(size: int) -> str:
    return f"content-length: {size}\r\n"


CL = b"content-length"


class Bench:
    """One exchange, and everything around it."""

    def __init__(self, *, is_head: bool = False, request: bytes = b"", is_streamed: bool = False) -> None:
        self.channel = Channel()
        self.place = Place(asyncio.get_running_loop())
        self.ended: List[Any] = []
        self.exchange = HttpExchange(
            self.place,  # type: ignore[arg-type]
            self.channel,  # type: ignore[arg-type]
            ticket(b"HEAD" if is_head else b"POST", STREAMED if is_streamed else 0, request),
            self.ended.append,
        )
        self.error: Optional[BaseException] = None
        self.complaint: Optional[str] = None

    async def run(self, app: Application) -> None:
        """As the worker does it."""
        try:
            await app(self.exchange.receive, self.exchange.send)
        except Exception as error:
            self.error = error
            self.exchange.fail()
        else:
            complaint = self.exchange.returned()
            self.complaint = None if complaint is None else complaint.text

    @property
    def sent(self) -> List[Any]:
        """Without the parts that every frame has."""
        return [
            (frame.type, frame.flags, *((frame.head,) if frame.type == "HEAD" else ()), frame.payload)
            for frame in self.channel.frames
        ]


def run(app: Application, **options: Any) -> Bench:
    async def main() -> Bench:
        bench = Bench(**options)
        await bench.run(app)
        return bench

    return asyncio.run(main())


ALLOWED: List[Any] = [
    (
        "a body in one message gets its length",
        [start(), body(b"abc")],
        [("HEAD", "END|FRAMED", OK + length(3), b"abc")],
    ),
    ("an empty body", [start(), body()], [("HEAD", "END|FRAMED", OK + length(0), b"")]),
    (
        "a body message without a body",
        [start(), {"type": "http.response.body"}],
        [("HEAD", "END|FRAMED", OK + length(0), b"")],
    ),
    (
        "a start without headers",
        [{"type": "http.response.start", "status": 200}, body(b"a")],
        [("HEAD", "END|FRAMED", OK + length(1), b"a")],
    ),
    ("headers None", [{**start(), "headers": None}, body(b"a")], [("HEAD", "END|FRAMED", OK + length(1), b"a")]),
    (
        "pieces without a length",
        [start(), body(b"a", True), body(b"b", True), body(b"c", False)],
        [("HEAD", "", OK, b"a"), ("BODY", "", b"b"), ("BODY", "END", b"c")],
    ),
    (
        "a head that an empty piece sends immediately; empty pieces in between, and an empty last one",
        [start(), body(b"", True), body(b"", True), body(b"b", True), body(b"", False)],
        [("HEAD", "", OK, b""), ("BODY", "", b"b"), ("BODY", "END", b"")],
    ),
    (
        "pieces with a length",
        [start(200, (CL, b"2")), body(b"a", True), body(b"b")],
        [("HEAD", "FRAMED", OK + length(2), b"a"), ("BODY", "END", b"b")],
    ),
    ("bytearray", [start(), body(bytearray(b"ab"))], [("HEAD", "END|FRAMED", OK + length(2), b"ab")]),
    ("memoryview", [start(), body(memoryview(b"ab"))], [("HEAD", "END|FRAMED", OK + length(2), b"ab")]),
    (
        "an IntEnum as status",
        [start(HTTPStatus.NOT_FOUND), body()],
        [("HEAD", "END|FRAMED", "404 Not Found\r\n" + length(0), b"")],
    ),
    ("a status without a phrase", [start(299), body()], [("HEAD", "END|FRAMED", "299 \r\n" + length(0), b"")]),
    (
        "headers of a generator, of lists, in any case, in their order, with duplicates",
        [{**start(), "headers": (pair for pair in ([b"X-A", b"1"], (b"x-b", b"2"), [b"X-A", b"3"]))}, body()],
        [("HEAD", "END|FRAMED", OK + "X-A: 1\r\nx-b: 2\r\nX-A: 3\r\n" + length(0), b"")],
    ),
    (
        "headers that are the server's, or of one connection, are left out",
        [
            start(
                200, (b"Server", b"me"), (b"date", b"x"), (b"transfer-encoding", b"chunked"), (b"Connection", b"x")
            ),
            body(),
        ],
        [("HEAD", "END|FRAMED", OK + length(0), b"")],
    ),
    *(
        (
            f"a connection that is to be closed: {value!r}",
            [start(200, (b"Connection", value)), body(b"a", True), body(b"b")],
            [("HEAD", "CLOSING", OK, b"a"), ("BODY", "END", b"b")],
        )
        for value in (b"close", b"Close", b"keep-alive,\tclose")
    ),
    *(
        (
            f"205 has no content and says so: {headers!r}",
            [start(205, *headers), body(b"ab", True), body(b"c")],
            [("HEAD", "FRAMED", "205 Reset Content\r\n" + length(0), b""), ("BODY", "END", b"")],
        )
        for headers in ([], [(CL, b"3")])
    ),
    (
        "hints and trailers have no length",
        [hint(b"<a>"), start(trailers=True), body(b"a"), trailers((CL, b"1"), (b"X-T", b"1"))],
        [("HINTS", "", b"link: <a>\r\n"), ("HEAD", "", OK, b"a"), ("TRAILERS", "END", b"X-T: 1\r\n")],
    ),
    ("204 has no length", [start(204), body()], [("HEAD", "END", NO_CONTENT, b"")]),
    (
        "204 with a body loses it, and the length with it",
        [start(204, (CL, b"2")), body(b"ab")],
        [("HEAD", "END", NO_CONTENT, b"")],
    ),
    (
        "304 keeps the length that the application sets",
        [start(304, (CL, b"5")), body()],
        [("HEAD", "END|FRAMED", "304 Not Modified\r\n" + length(5), b"")],
    ),
    (
        "trailers",
        [start(trailers=True), body(b"a"), trailers((b"X-T", b"1"))],
        [("HEAD", "", OK, b"a"), ("TRAILERS", "END", b"X-T: 1\r\n")],
    ),
    (
        "trailers in several messages, after several pieces",
        [
            start(trailers=True),
            body(b"a", True),
            body(b"b"),
            trailers((b"X-T", b"1"), more=True),
            trailers((b"X-U", b"2")),
        ],
        [("HEAD", "", OK, b"a"), ("BODY", "", b"b"), ("TRAILERS", "END", b"X-T: 1\r\nX-U: 2\r\n")],
    ),
    (
        "trailers without any",
        [start(trailers=True), body(), trailers()],
        [("HEAD", "", OK, b""), ("TRAILERS", "END", b"")],
    ),
    (
        "early hints, before the start and after it",
        [hint(b"</a>; rel=preload"), start(), hint(b"<b>", b"<c>"), body()],
        [
            ("HINTS", "", b"link: </a>; rel=preload\r\n"),
            ("HINTS", "", b"link: <b>\r\nlink: <c>\r\n"),
            ("HEAD", "END|FRAMED", OK + length(0), b""),
        ],
    ),
    ("hints without links are none", [hint(), start(), body()], [("HEAD", "END|FRAMED", OK + length(0), b"")]),
    (
        "an interim response of Gunicorn's, if it is 103",
        [
            {"type": "http.response.informational", "status": 103, "headers": [(b"link", b"<a>")]},
            {"type": "http.response.informational", "status": 102, "headers": []},
            *(start(), body()),
        ],
        [("HINTS", "", b"link: <a>\r\n"), ("HEAD", "END|FRAMED", OK + length(0), b"")],
    ),
]

# The messages sent, the exception raised by the last `send`, and the result for the client.
PAGE = [("FAILED", "END")]
CUT = [("BODY", "END|ABORTED")]
A = [("HEAD", "", OK)]

FORBIDDEN: List[Any] = [
    ("a body before the start", [body(b"a")], RuntimeError, "before 'http.response.start'", PAGE),
    ("two starts", [start(), start()], RuntimeError, "begun already", PAGE),
    ("a start within the body", [start(), body(b"a", True), start()], RuntimeError, "begun already", A + CUT),
    (
        "a body after the end",
        [start(), body(b"a"), body(b"b")],
        RuntimeError,
        "after the response was complete",
        [("HEAD", "END|FRAMED", OK + length(1))],
    ),
    (
        "a start after the end",
        [start(), body(b"a"), start()],
        RuntimeError,
        "begun already",
        [("HEAD", "END|FRAMED", OK + length(1))],
    ),
    ("an unknown message", [{"type": "http.response.nonsense"}], RuntimeError, "'http.response.nonsense'", PAGE),
    ("a WebSocket's message", [{"type": "websocket.send", "text": "a"}], RuntimeError, "'websocket.send'", PAGE),
    (
        "trailers that were not announced",
        [start(), body(b"a", True), trailers()],
        RuntimeError,
        "announced trailers",
        A + CUT,
    ),
    (
        "trailers before the body's end",
        [start(trailers=True), body(b"a", True), trailers()],
        RuntimeError,
        "announced",
        A + CUT,
    ),
    (
        "a body after its end, where trailers follow",
        [start(trailers=True), body(b"a"), body(b"b")],
        RuntimeError,
        "complete",
        A + CUT,
    ),
    (
        "trailers twice",
        [start(trailers=True), body(b"a"), trailers(), trailers()],
        RuntimeError,
        "announced",
        A + [("TRAILERS", "END")],
    ),
    ("hints within the body", [start(), body(b"a", True), hint(b"<a>")], RuntimeError, "early hints", A + CUT),
    ("a path without a start", [pathsend("/etc/hostname")], RuntimeError, "it follows", PAGE),
    (
        "a path within a body",
        [start(), body(b"a", True), pathsend("/etc/hostname")],
        RuntimeError,
        "it follows",
        A + CUT,
    ),
    ("a path that is not there", [start(), pathsend("/nowhere/at/all")], FileNotFoundError, "/nowhere", PAGE),
    ("an interim status", [start(103)], RuntimeError, "103", PAGE),
    ("a status of text", [start("200 OK")], InvalidResponse, "'200 OK'", PAGE),
    ("a status of True", [start(True)], InvalidResponse, "True", PAGE),
    ("a status out of range", [start(1000)], InvalidResponse, "1000", PAGE),
    ("a status of four bytes", [start(99)], InvalidResponse, "99", PAGE),
    ("no status", [{"type": "http.response.start"}], KeyError, "status", PAGE),
    ("a header's name as text", [start(200, ("x", b"1"))], InvalidResponse, "'x'", PAGE),
    ("a header's name with a colon", [start(200, (b"x:", b"1"))], InvalidResponse, "x:", PAGE),
    ("a header's name that is empty", [start(200, (b"", b"1"))], InvalidResponse, "b''", PAGE),
    ("a header's name with a line's end", [start(200, (b"x\r\ny", b"1"))], InvalidResponse, "x\\r\\ny", PAGE),
    ("a header's value as text", [start(200, (b"x", "1"))], InvalidResponse, "bytes", PAGE),
    ("a header's value with a line's end", [start(200, (b"x", b"1\r\ny: 2"))], InvalidResponse, "control", PAGE),
    ("a header's value with a NUL", [start(200, (b"x", b"\0"))], InvalidResponse, "control", PAGE),
    ("a header that is no pair", [start(200, (b"x",))], InvalidResponse, "pairs", PAGE),
    ("headers that are a number", [{**start(), "headers": 3}], InvalidResponse, "3", PAGE),
    ("two lengths", [start(200, (CL, b"1"), (CL, b"1"))], InvalidResponse, "second content-length", PAGE),
    ("a length that is no number", [start(200, (CL, b"-1"))], InvalidResponse, "-1", PAGE),
    ("a body beyond its length", [start(200, (CL, b"1")), body(b"ab")], RuntimeError, "longer", PAGE),
    (
        "pieces beyond the length",
        [start(200, (CL, b"1")), body(b"a", True), body(b"b")],
        RuntimeError,
        "longer",
        [("HEAD", "FRAMED", OK + length(1)), *CUT],
    ),
    ("a body short of its length", [start(200, (CL, b"3")), body(b"ab")], RuntimeError, "2 bytes", PAGE),
    (
        "pieces short of the length",
        [start(200, (CL, b"3")), body(b"a", True), body(b"b")],
        RuntimeError,
        "2 bytes",
        [("HEAD", "FRAMED", OK + length(3)), *CUT],
    ),
    ("a body of text", [start(), body("text")], TypeError, "bytes-like", PAGE),
    (
        "trailers with a bad name",
        [start(trailers=True), body(b"a"), trailers((b"a b", b"1"))],
        InvalidResponse,
        "a b",
        A + CUT,
    ),
]

UNFINISHED: List[Any] = [
    ("nothing", [], "without a response", PAGE),
    ("a start alone", [start()], "before sending a body", PAGE),
    ("half a body", [start(), body(b"a", True)], "before completing its response", A + CUT),
    ("no trailers", [start(trailers=True), body(b"a")], "before completing its response", A + CUT),
    ("hints alone", [hint(b"<a>")], "without a response", [("HINTS", ""), *PAGE]),
]


class Orders(unittest.TestCase):
    def test_everything_that_the_specification_allows(self) -> None:
        for name, messages, expected in ALLOWED:
            with self.subTest(name):
                bench = run(sends(*messages))
                self.assertIsNone(bench.error)
                self.assertIsNone(bench.complaint)
                self.assertEqual(bench.sent, expected)
                self.assertEqual((bench.place.finished, len(bench.ended)), (1, 1))

    def test_forbidden_messages_raise_in_the_application_and_the_client_gets_500_or_a_truncated_response(
        self,
    ) -> None:
        for name, messages, error, text, expected in FORBIDDEN:
            with self.subTest(name):
                bench = run(sends(*messages))
                self.assertIsInstance(bench.error, error)
                self.assertIn(text, str(bench.error))
                self.assertEqual(
                    [sent[:2] + ((sent[2],) if sent[0] == "HEAD" else ()) for sent in bench.sent], expected
                )
                self.assertEqual((bench.place.finished, len(bench.ended)), (1, 1))

    def test_an_unfinished_exchange_is_logged_and_ended(self) -> None:
        for name, messages, complaint, expected in UNFINISHED:
            with self.subTest(name):
                bench = run(sends(*messages))
                self.assertIn(complaint, bench.complaint or "")
                self.assertEqual(
                    [sent[:2] + ((sent[2],) if sent[0] == "HEAD" else ()) for sent in bench.sent], expected
                )
                self.assertEqual(bench.place.finished, 1)

    def test_an_application_that_has_caught_an_error_of_its_start_can_start_again(self) -> None:
        async def app(receive: Any, send: Any) -> None:
            for wrong in (start("x"), start(200, (b"a b", b"1")), start(101)):
                with self.assertRaises((InvalidResponse, RuntimeError)):
                    await send(wrong)
            await send(start(200, (CL, b"1")))
            with self.assertRaises(RuntimeError):
                await send(body(b"ab"))
            await send(body(b"a"))

        bench = run(app)
        self.assertEqual(bench.sent, [("HEAD", "END|FRAMED", OK + length(1), b"a")])

    def test_HEAD_has_the_head_of_GET_and_no_body(self) -> None:
        for messages, expected in (
            ([start(200, (CL, b"3")), body(b"abc")], [("HEAD", "END|FRAMED", OK + length(3), b"")]),
            ([start(200, (CL, b"3")), body()], [("HEAD", "END|FRAMED", OK + length(3), b"")]),
            ([start(), body(b"a", True), body(b"b")], [("HEAD", "", OK, b""), ("BODY", "END", b"")]),
            ([start(), body(b"a")], [("HEAD", "END", OK, b"")]),
            ([start("x")], [("FAILED", "END", b"")]),
        ):
            bench = run(sends(*messages), is_head=True)
            self.assertEqual(bench.sent, expected)

    def test_an_error_after_a_start_of_204_still_has_its_page(self) -> None:
        bench = run(sends(start(204), start()))
        self.assertEqual([each[:2] for each in bench.sent], PAGE)

    def test_a_body_of_many_megabytes_is_sent_in_pieces_and_stops_when_the_client_leaves(self) -> None:
        data = os.urandom(2 * MAX_PIECE_BYTES + 5)
        bench = run(sends(start(), body(data)))
        self.assertEqual([len(each[-1]) for each in bench.sent], [MAX_PIECE_BYTES, MAX_PIECE_BYTES, 5])
        self.assertEqual(b"".join(each[-1] for each in bench.sent), data)
        self.assertEqual(bench.sent[0][:3], ("HEAD", "FRAMED", OK + length(len(data))))
        exact = run(sends(start(), body(data[:MAX_PIECE_BYTES])))
        self.assertEqual([each[1] for each in exact.sent], ["END|FRAMED"])

        async def main() -> Bench:
            bench = Bench()
            bench.channel.room = asyncio.Event()
            task = asyncio.ensure_future(bench.run(sends(start(), body(data))))
            await settle()
            bench.place.claim.cancelled = True
            bench.channel.room.set()
            await task
            return bench

        left = asyncio.run(main())
        self.assertIsInstance(left.error, ClientGone)
        self.assertEqual([each[:2] for each in left.sent], [("HEAD", "FRAMED"), ("BODY", "END|ABORTED")])

    def test_bytes_of_hints_and_body_are_counted_and_those_of_the_body_apart(self) -> None:
        bench = run(sends(hint(b"<a>"), start(), body(b"abc", True), body(b"de")))
        self.assertEqual((bench.place.passed_bytes, bench.exchange.body_bytes), (len("link: <a>\r\n") + 5, 5))
        failed = run(sends())
        self.assertEqual(
            (failed.place.passed_bytes, failed.exchange.body_bytes, failed.exchange.status), (0, 141, 500)
        )
        self.assertIn((CL, b"141"), failed.exchange.headers)

    def test_a_response_that_streams_has_no_deadline_from_its_first_piece_on(self) -> None:
        self.assertEqual(run(sends(start(), body(b"a", True), body(b"b"))).place.claim.calls, ["stream"])
        self.assertEqual(run(sends(start(), body(b"a"))).place.claim.calls, [])

    def test_the_headers_of_a_generator_are_still_visible_for_the_log(self) -> None:
        bench = run(sends({**start(), "headers": (pair for pair in [(b"a", b"1")])}, body()))
        self.assertEqual(bench.exchange.headers, [(b"a", b"1")])
        self.assertIs(run(sends(start(HTTPStatus.OK), body())).exchange.status.__class__, int)


class Files(unittest.TestCase):
    def setUp(self) -> None:
        handle = tempfile.NamedTemporaryFile()
        self.addCleanup(handle.close)
        self.file = handle

    def fill(self, data: bytes) -> str:
        self.file.write(data)
        self.file.flush()
        return self.file.name

    def test_a_path_is_sent_with_its_length(self) -> None:
        for size in (0, 1, 256 * 1024, 256 * 1024 + 1, 3_000_000):
            with self.subTest(size):
                data = os.urandom(size)
                with tempfile.NamedTemporaryFile() as file:
                    file.write(data)
                    file.flush()
                    bench = run(sends(start(), pathsend(file.name)))
                self.assertIsNone(bench.error)
                self.assertEqual(b"".join(each[-1] for each in bench.sent), data)
                self.assertIn(length(size), bench.sent[0][2])
                self.assertIn("FRAMED", bench.sent[0][1])
                self.assertEqual([("END" in each[1]) for each in bench.sent].count(True), 1)
                self.assertEqual(bench.place.finished, 1)

    def test_as_much_of_a_file_as_its_length_says(self) -> None:
        bench = run(sends(start(200, (CL, b"2")), pathsend(self.fill(b"abc"))))
        self.assertEqual(bench.sent, [("HEAD", "END|FRAMED", OK + length(2), b"ab")])

    def test_a_file_that_is_shorter_than_the_length_is_an_error(self) -> None:
        bench = run(sends(start(200, (CL, b"4")), pathsend(self.fill(b"abc"))))
        self.assertIn("shorter", str(bench.error))
        self.assertEqual([each[:2] for each in bench.sent], [("HEAD", "FRAMED"), ("BODY", "END|ABORTED")])

    def test_HEAD_and_trailers_with_a_path(self) -> None:
        path = self.fill(b"abc")
        self.assertEqual(
            run(sends(start(), pathsend(path)), is_head=True).sent, [("HEAD", "END|FRAMED", OK + length(3), b"")]
        )
        bench = run(sends(start(trailers=True), pathsend(path), trailers((b"x", b"1"))))
        self.assertIsNone(bench.error)
        self.assertEqual([each[:2] for each in bench.sent], [("HEAD", "FRAMED"), ("TRAILERS", "END")])

    def test_nothing_else_may_follow_a_path(self) -> None:
        bench = run(sends(start(), pathsend(self.fill(b"abc")), body(b"d")))
        self.assertIn("complete", str(bench.error))


class Receiving(unittest.IsolatedAsyncioTestCase):
    async def test_a_whole_body_then_the_end_of_the_response_as_disconnect(self) -> None:
        bench = Bench(request=b"abc")
        self.assertEqual(await bench.exchange.receive(), {"type": "http.request", "body": b"abc", "more_body": False})
        self.assertEqual(bench.channel.frames, [])
        waiting = [asyncio.ensure_future(bench.exchange.receive()) for _ in range(3)]
        await settle()
        self.assertEqual([frame.type for frame in bench.channel.frames], ["WATCH"])
        self.assertFalse(any(each.done() for each in waiting))
        await bench.run(sends(start(), body()))
        self.assertEqual(await asyncio.gather(*waiting), [{"type": "http.disconnect"}] * 3)
        self.assertEqual(await bench.exchange.receive(), {"type": "http.disconnect"})

    async def test_a_request_without_a_body_has_an_empty_one(self) -> None:
        self.assertEqual(await Bench().exchange.receive(), {"type": "http.request", "body": b"", "more_body": False})

    async def test_after_the_response_the_body_that_was_not_read_is_gone(self) -> None:
        bench = Bench(request=b"abc")
        await bench.run(sends(start(), body()))
        self.assertEqual(await bench.exchange.receive(), {"type": "http.disconnect"})

    async def test_a_streamed_body_comes_in_pieces_and_is_asked_for_when_it_is_wanted(self) -> None:
        bench = Bench(is_streamed=True)
        receive = bench.exchange.receive
        first = asyncio.ensure_future(receive())
        await settle()
        self.assertEqual([frame.type for frame in bench.channel.frames], ["WATCH"])
        bench.channel.gives(DATA, payload=b"a")
        self.assertEqual(await first, {"type": "http.request", "body": b"a", "more_body": True})
        bench.channel.gives(DATA, payload=b"b")
        bench.channel.gives(DATA, payload=b"c")
        self.assertEqual(await receive(), {"type": "http.request", "body": b"bc", "more_body": True})
        bench.channel.gives(DATA, payload=b"of another", ticket=TICKET + 1)
        bench.channel.gives(DATA, END, b"d")
        self.assertEqual(await receive(), {"type": "http.request", "body": b"d", "more_body": False})
        after = asyncio.ensure_future(receive())
        await settle()
        self.assertFalse(after.done())
        bench.channel.gives(GONE)
        self.assertEqual(await after, {"type": "http.disconnect"})
        self.assertEqual(len([frame for frame in bench.channel.frames if frame.type == "WATCH"]), 1)

    async def test_a_body_that_ends_without_bytes_ends(self) -> None:
        bench = Bench(is_streamed=True)
        first = asyncio.ensure_future(bench.exchange.receive())
        await settle()
        bench.channel.gives(DATA, END)
        self.assertEqual(await first, {"type": "http.request", "body": b"", "more_body": False})

    async def test_a_client_that_leaves_in_the_middle_of_its_body_is_a_disconnect_after_what_came(self) -> None:
        bench = Bench(is_streamed=True)
        first = asyncio.ensure_future(bench.exchange.receive())
        await settle()
        bench.channel.gives(DATA, payload=b"a")
        bench.channel.gives(DATA, END | ABORTED)
        self.assertEqual(await first, {"type": "http.request", "body": b"a", "more_body": True})
        self.assertEqual(await bench.exchange.receive(), {"type": "http.disconnect"})
        with self.assertRaises(OSError):
            await bench.exchange.send(start())
        self.assertIsNone(bench.exchange.returned())
        self.assertEqual([frame.type for frame in bench.channel.frames], ["WATCH", "HEAD"])

    async def test_an_application_that_does_not_read_its_body_stops_the_client(self) -> None:
        bench = Bench(is_streamed=True)
        first = asyncio.ensure_future(bench.exchange.receive())
        await settle()
        self.assertTrue(bench.channel.reading)
        bench.channel.gives(DATA, payload=b"a" * 200_000)
        self.assertTrue(bench.channel.reading)
        bench.channel.gives(DATA, payload=b"a" * 100_000)
        self.assertFalse(bench.channel.reading)
        self.assertEqual(len((await first)["body"]), 300_000)
        self.assertTrue(bench.channel.reading)

    async def test_the_deadline_waits_while_the_client_sends_its_body_and_not_for_a_disconnect(self) -> None:
        bench = Bench(is_streamed=True)
        calls = bench.place.claim.calls
        both = [asyncio.ensure_future(bench.exchange.receive()) for _ in range(2)]
        await settle()
        self.assertEqual(calls, ["hold"])
        bench.channel.gives(DATA, END, payload=b"a")
        await both[0]
        self.assertEqual(calls, ["hold", "unhold"])
        bench.channel.gives(GONE)
        await both[1]
        self.assertEqual(calls, ["hold", "unhold"])

    async def test_a_claim_that_was_given_back_meanwhile_is_left_alone(self) -> None:
        bench = Bench(is_streamed=True)
        waiting = asyncio.ensure_future(bench.exchange.receive())
        await settle()
        await bench.run(sends(start(), body()))
        self.assertEqual(await waiting, {"type": "http.disconnect"})
        self.assertEqual(bench.place.claim.calls, ["hold"])

    async def test_one_of_two_who_wait_may_be_cancelled(self) -> None:
        bench = Bench()
        await bench.exchange.receive()
        waiting = [asyncio.ensure_future(bench.exchange.receive()) for _ in range(2)]
        await settle()
        waiting[0].cancel()
        await settle()
        bench.channel.gives(GONE)
        self.assertEqual(await waiting[1], {"type": "http.disconnect"})


class Leaving(unittest.IsolatedAsyncioTestCase):
    async def test_send_raises_an_OSError_once_the_client_has_left_however_that_is_found_out(self) -> None:
        async def told(bench: Bench) -> None:
            await bench.exchange.receive()
            asyncio.ensure_future(bench.exchange.receive())
            await settle()
            bench.channel.gives(GONE)

        async def cancelled(bench: Bench) -> None:
            bench.place.claim.cancelled = True

        async def lost(bench: Bench) -> None:
            bench.exchange.gone()

        for way in (told, cancelled, lost):
            for messages in ([], [start()], [start(), body(b"a", True)]):
                bench = Bench()
                for message in messages:
                    await bench.exchange.send(message)
                await way(bench)
                with self.assertRaises(OSError):
                    await bench.exchange.send(body(b"b"))
                self.assertTrue(bench.exchange.is_gone)
                self.assertIsNone(bench.exchange.returned())
                self.assertIn("ABORTED", bench.channel.frames[-1].flags)
                self.assertEqual(bench.place.finished, 1)

    async def test_a_channel_that_is_lost_in_the_middle(self) -> None:
        bench = Bench()
        await bench.exchange.send(start())
        await bench.exchange.send(body(b"a", True))
        bench.channel.is_lost = True
        with self.assertRaises(OSError):
            await bench.exchange.send(body(b"b", True))
        self.assertEqual(await bench.exchange.receive(), {"type": "http.request", "body": b"", "more_body": False})
        self.assertEqual(await bench.exchange.receive(), {"type": "http.disconnect"})
        bench.exchange.fail()
        self.assertEqual(bench.place.finished, 1)

    async def test_send_waits_while_the_client_reads_slowly(self) -> None:
        bench = Bench()
        bench.channel.room = asyncio.Event()
        task = asyncio.ensure_future(bench.run(sends(start(), body(b"a", True), body(b"b", True), body(b"c"))))
        await settle()
        self.assertEqual([frame.payload for frame in bench.channel.frames], [b"a"])
        bench.channel.room.set()
        await task
        self.assertEqual([frame.payload for frame in bench.channel.frames], [b"a", b"b", b"c"])

    async def test_what_happens_after_the_end_changes_nothing(self) -> None:
        bench = Bench()
        await bench.run(sends(start(), body()))
        frames = list(bench.channel.frames)
        bench.exchange.gone()
        bench.exchange.fail()
        self.assertIsNone(bench.exchange.returned())
        self.assertFalse(bench.exchange.is_gone)
        self.assertEqual(bench.channel.frames, frames)


class Concurrency(unittest.IsolatedAsyncioTestCase):
    async def test_a_task_that_still_sends_when_the_response_has_ended_writes_nothing_behind_it(self) -> None:
        bench = Bench()
        bench.channel.room = asyncio.Event()
        await bench.exchange.send(start())
        sending = asyncio.ensure_future(bench.exchange.send(body(b"x" * (MAX_PIECE_BYTES + 1))))
        await settle()
        bench.exchange.returned()
        bench.channel.room.set()
        with self.assertRaisesRegex(RuntimeError, "after the response was complete"):
            await sending
        self.assertEqual([frame.flags for frame in bench.channel.frames], ["FRAMED", "END|ABORTED"])


if __name__ == "__main__":
    unittest.main()
