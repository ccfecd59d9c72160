"""start_response, write, iteration: which frames an application's response becomes (PEP 3333)."""

from __future__ import annotations

import os
import sys
import unittest
from typing import Any, Callable

from gateway_double import CANCEL, FIELDS, TICKET_ID, Frame, WorkerSideTest, frames_of, ticket

from tunicorn.channels.channel_frame import ABORTED, BODY, CLOSING, END, FRAMED, HEAD, HINTS, UNACKNOWLEDGED_BYTES
from tunicorn.runqueue.ticket import UPGRADE

TEXT = [("Content-Type", "text/plain")]
TEXT_HEAD = "200 OK\r\nContent-Type: text/plain\r\n"
MIB = 1024 * 1024


def answers(result: Any, status: str = "200 OK", headers: Any = TEXT) -> Callable[..., Any]:
    def app(environ: dict[str, Any], start_response: Any) -> Any:
        start_response(status, headers)
        return result

    return app


def length(size: int) -> list[tuple[str, str]]:
    return [("Content-Length", str(size))]


class Lists(WorkerSideTest):
    def test_a_list_of_one_is_one_frame_with_its_length(self) -> None:
        for result in ([b"hello"], (b"hello",)):
            frames = self.exchange(answers(result))
            head = TEXT_HEAD + "Content-Length: 5\r\n"
            self.assertEqual(frames, [Frame(HEAD, END | FRAMED, 200, 77, head, b"hello")])
        self.assertEqual(self.log.lines, [])

    def test_a_small_list_of_several_is_one_frame_with_its_length(self) -> None:
        (frame,) = self.exchange(answers([b"a", b"", b"bc"]))
        self.assertEqual((frame.flags, frame.data), (END | FRAMED, b"abc"))
        self.assertTrue(frame.head.endswith("Content-Length: 3\r\n"))

    def test_an_empty_list_is_one_frame_with_length_zero(self) -> None:
        for result in ([], (), [b""], [b"", b""]):
            (frame,) = self.exchange(answers(result))
            self.assertEqual((frame.flags, frame.data), (END | FRAMED, b""))
            self.assertTrue(frame.head.endswith("Content-Length: 0\r\n"))

    def test_a_content_length_that_is_right_is_left_alone(self) -> None:
        (frame,) = self.exchange(answers([b"hello"], headers=length(5)))
        self.assertEqual((frame.head, frame.flags), ("200 OK\r\nContent-Length: 5\r\n", END | FRAMED))

    def test_a_large_list_is_sent_item_by_item_with_its_length(self) -> None:
        items = [bytes([number]) * 50_000 for number in range(5)]
        frames = self.exchange(answers(items))
        self.assertEqual([frame.data for frame in frames], items)
        self.assertEqual([frame.flags for frame in frames], [FRAMED, 0, 0, 0, END])
        self.assertTrue(frames[0].head.endswith("Content-Length: 250000\r\n"))

    def test_an_item_above_1_mib_becomes_several_frames(self) -> None:
        data = os.urandom(2 * MIB + 1)
        frames = self.exchange(answers([data]))
        self.assertEqual([(frame.type, len(frame.data)) for frame in frames], [(HEAD, MIB), (BODY, MIB), (BODY, 1)])
        self.assertEqual([frame.flags for frame in frames], [FRAMED, 0, END])
        self.assertEqual(b"".join(frame.data for frame in frames), data)

    def test_items_that_are_not_bytes_are_an_application_error(self) -> None:
        for result in (["text"], [b"a", "b"], [bytearray(b"a")], [None], [memoryview(b"a"), b""], ["a"] * 3):
            self.log.lines.clear()
            self.assert_error_page(self.exchange(answers(result)))
            self.assertIn("must yield bytes, not ", self.log.texts("error")[0])

    def test_subclasses_of_bytes_pass(self) -> None:
        class Data(bytes):
            pass

        self.assertEqual([frame.data for frame in self.exchange(answers([Data(b"hello")]))], [b"hello"])
        self.assertEqual(self.exchange(answers(iter([Data(b"hello")])))[0].data, b"hello")


class Streams(WorkerSideTest):
    def test_each_item_is_sent_before_the_next_is_asked_for(self) -> None:
        seen: list[bytes] = []

        def app(environ: Any, start_response: Any) -> Any:
            start_response("200 OK", TEXT)
            for item in (b"one", b"two", b"three"):
                yield item
                seen.append(self.waiting_bytes())

        self.exchange_without_reader(app)
        self.assertEqual([item in bytes_ for item, bytes_ in zip((b"one", b"two", b"three"), seen)], [True] * 3)

    def exchange_without_reader(self, app: Callable[..., Any]) -> None:
        self.runner(app).run(ticket())

    def test_the_frames_are_head_body_and_an_empty_end(self) -> None:
        frames = self.exchange(answers(iter([b"one", b"two"])))
        self.assertEqual(
            frames,
            [
                Frame(HEAD, 0, 200, 77, TEXT_HEAD, b"one"),
                Frame(BODY, 0, 0, 77, "", b"two"),
                Frame(BODY, END, 0, 77, "", b""),
            ],
        )

    def test_empty_items_send_nothing_and_do_not_bring_the_head_forward(self) -> None:
        during: list[bytes] = []

        def app(environ: Any, start_response: Any) -> Any:
            start_response("200 OK", TEXT)
            yield b""
            during.append(self.waiting_bytes())
            start_response("201 Created", TEXT, (None, None, None))
            yield b"data"
            yield b""

        self.runner(app).run(ticket())
        frames = frames_of(self.waiting_bytes())
        self.assertEqual(during, [b""])
        self.assertEqual([(frame.status, frame.data) for frame in frames], [(201, b"data"), (0, b"")])

    def test_an_iterable_without_any_bytes_is_framed_as_empty(self) -> None:
        (frame,) = self.exchange(answers(iter([b""])))
        self.assertEqual((frame.head, frame.flags), (TEXT_HEAD + "Content-Length: 0\r\n", END | FRAMED))

    def test_end_goes_with_the_last_byte_of_the_content_length(self) -> None:
        finished: list[str] = []

        def app(environ: Any, start_response: Any) -> Any:
            start_response("200 OK", length(6))
            yield b"one"
            yield b"two"
            finished.append("after the last yield")

        frames = self.exchange(app)
        self.assertEqual([(frame.flags, frame.data) for frame in frames], [(FRAMED, b"one"), (END, b"two")])
        self.assertEqual(finished, ["after the last yield"])

    def test_start_response_may_be_called_as_late_as_the_first_item(self) -> None:
        class Late:
            def __call__(self, environ: Any, start_response: Any) -> Any:
                self.start_response = start_response
                return self

            def __iter__(self) -> Any:
                self.start_response("200 OK", TEXT)
                yield b"data"

        self.assertEqual(self.exchange(Late())[0].data, b"data")

    def test_an_item_that_is_not_bytes_cuts_the_stream_off(self) -> None:
        frames = self.exchange(answers(iter([b"one", "two"])))
        self.assertEqual([frame.data for frame in frames], [b"one", b""])
        self.assert_cut_off(frames)
        self.assertIn("TypeError", self.log.texts("error")[0])


class ContentLength(WorkerSideTest):
    def test_a_body_that_is_too_long_is_cut_to_it(self) -> None:
        for result in ([b"hello"], [b"he", b"llo"], iter([b"he", b"llo"]), iter([b"hel", b"lo", b"more"])):
            frames = self.exchange(answers(result, headers=length(3)))
            self.assertEqual(b"".join(frame.data for frame in frames), b"hel")
            self.assertEqual(frames[-1].flags & (END | ABORTED), END)

    def test_of_0_sends_no_byte_of_the_body(self) -> None:
        for result in ([b"hello"], iter([b"hello", b"hello"])):
            (frame,) = self.exchange(answers(result, headers=length(0)))
            self.assertEqual((frame.flags, frame.data), (END | FRAMED, b""))

    def test_a_body_that_is_too_short_ends_aborted_and_is_logged(self) -> None:
        for result in ([b"hello"], iter([b"he", b"llo"]), [], iter([])):
            self.log.lines.clear()
            frames = self.exchange(answers(result, headers=length(9)))
            self.assertTrue(frames[0].flags & FRAMED)
            self.assert_cut_off(frames)
            (text,) = self.log.texts("error")
            self.assertIn("declared Content-Length: 9, but its body has ", text)

    def test_iteration_stops_at_the_first_item_beyond_it(self) -> None:
        made: list[int] = []

        def endless() -> Any:
            while True:
                made.append(1)
                yield b"abcd"

        frames = self.exchange(answers(endless(), headers=length(6)))
        self.assertEqual(b"".join(frame.data for frame in frames), b"abcdab")
        self.assertEqual(len(made), 3)

    def test_given_twice_is_an_application_error(self) -> None:
        self.assert_error_page(self.exchange(answers([b"hello"], headers=length(5) + length(5))))
        self.assertIn("a second Content-Length", self.log.texts("error")[0])


class Write(WorkerSideTest):
    def test_sends_immediately_and_the_iterable_follows(self) -> None:
        seen: list[bytes] = []

        def app(environ: Any, start_response: Any) -> Any:
            write = start_response("200 OK", TEXT)
            write(b"")
            seen.append(self.waiting_bytes())
            write(b"written")
            seen.append(self.waiting_bytes())
            return [b"returned"]

        self.runner(app).run(ticket())
        self.assertEqual(seen[0], b"")
        self.assertIn(b"written", seen[1])
        self.assertIn(b"returned", self.waiting_bytes())

    def test_frames(self) -> None:
        def app(environ: Any, start_response: Any) -> Any:
            write = start_response("200 OK", TEXT)
            write(b"written")
            return [b"returned"]

        frames = self.exchange(app)
        self.assertEqual(
            [(frame.flags, frame.data) for frame in frames], [(0, b"written"), (0, b"returned"), (END, b"")]
        )
        self.assertEqual(frames[0].head, TEXT_HEAD)

    def test_refuses_what_is_not_bytes(self) -> None:
        for data in ("text", bytearray(b"x"), None):

            def app(environ: Any, start_response: Any, data: Any = data) -> Any:
                start_response("200 OK", TEXT)(data)
                return []

            self.assert_error_page(self.exchange(app))
            self.assertIn("write() takes bytes, not ", self.log.texts("error")[-1])

    def test_keeps_to_the_content_length(self) -> None:
        def app(environ: Any, start_response: Any) -> Any:
            write = start_response("200 OK", length(5))
            write(b"abc")
            write(b"def")
            write(b"ghi")
            return [b"jkl"]

        frames = self.exchange(app)
        self.assertEqual([(frame.flags, frame.data) for frame in frames], [(FRAMED, b"abc"), (END, b"de")])


class Bodiless(WorkerSideTest):
    CASES = (
        ("HEAD", "200 OK"),
        ("GET", "204 No Content"),
        ("GET", "304 Not Modified"),
    )

    def test_body_bytes_are_dropped_with_one_warning(self) -> None:
        for method, status in self.CASES:
            for result in ([b"body"], [b"bo", b"dy"], iter([b"bo", b"dy"])):
                with self.subTest(method=method, status=status):
                    self.log.lines.clear()
                    (frame,) = self.exchange(answers(result, status), ticket({"REQUEST_METHOD": method}))
                    self.assertEqual((frame.flags, frame.data), (END, b""))
                    self.assertEqual(frame.head, f"{status}\r\nContent-Type: text/plain\r\n")
                    wanted = (
                        f"WSGI app sent body bytes on a no-body response (method={method} status={status[:3]}); "
                        "dropping per RFC 9110."
                    )
                    self.assertEqual(self.log.lines, [("warning", wanted)])

    def test_an_empty_body_is_no_reason_to_warn(self) -> None:
        for method, status in self.CASES:
            for result in ([], [b""], iter([b""])):
                (frame,) = self.exchange(answers(result, status), ticket({"REQUEST_METHOD": method}))
                self.assertEqual((frame.flags, frame.data), (END, b""))
        self.assertEqual(self.log.lines, [])

    def test_content_length_stays_for_head_and_304_and_goes_for_204(self) -> None:
        for method, status in self.CASES:
            keeps = status[:3] in ("200", "304")
            (frame,) = self.exchange(answers([], status, length(9)), ticket({"REQUEST_METHOD": method}))
            self.assertEqual("Content-Length: 9" in frame.head, keeps)
            self.assertEqual(frame.flags, END | FRAMED if keeps else END)
        self.assertEqual(self.log.lines, [])

    def test_write_is_dropped_too(self) -> None:
        def app(environ: Any, start_response: Any) -> Any:
            write = start_response("200 OK", TEXT)
            write(b"a")
            write(b"b")
            return [b"c"]

        (frame,) = self.exchange(app, ticket({"REQUEST_METHOD": "HEAD"}))
        self.assertEqual((frame.flags, frame.data), (END, b""))
        self.assertEqual(len(self.log.lines), 1)


    def test_205_has_no_content_and_says_so(self) -> None:
        for headers in (TEXT, length(4)):
            (frame,) = self.exchange(answers([b"body"], "205 Reset Content", headers))
            self.assertEqual((frame.flags, frame.data), (END | FRAMED, b""))
            self.assertEqual(frame.head.lower().count("content-length: "), 1)
            self.assertTrue(frame.head.endswith("Content-Length: 0\r\n"), frame.head)


class Closing(WorkerSideTest):
    def test_connection_close_goes_to_the_gateway_as_a_flag(self) -> None:
        for value in ("close", "Close", "keep-alive, close", "close,\tx"):
            (frame,) = self.exchange(answers([b"body"], headers=[("Connection", value)]))
            self.assertEqual(frame.flags, END | FRAMED | CLOSING)
            self.assertNotIn("onnection", frame.head)

    def test_any_other_connection_field_is_dropped(self) -> None:
        for value in ("keep-alive", "upgrade", "closed", '"close"', ""):
            (frame,) = self.exchange(answers([b"body"], headers=[("connection", value)]))
            self.assertEqual(frame.flags, END | FRAMED)
            self.assertNotIn("onnection", frame.head)


class Interim(WorkerSideTest):
    def test_an_interim_status_is_no_response(self) -> None:
        for status in ("100 Continue", "101 Switching Protocols", "103 Early Hints", "199 Whatever"):
            for result in ([], [b"body"], iter([b"body"])):
                self.assert_error_page(self.exchange(answers(result, status)))
                self.assertIn("an interim response is not a response", self.log.texts("error")[-1])

    def test_101_without_taking_the_connection_over_is_no_response(self) -> None:
        self.assert_error_page(self.exchange(answers([], "101 Switching Protocols"), ticket(flags=UPGRADE)))
        self.assertIn("did not take the connection over", self.log.texts("error")[-1])


class StartResponse(WorkerSideTest):
    def test_a_second_call_without_exc_info_is_an_assertion_error(self) -> None:
        def app(environ: Any, start_response: Any) -> Any:
            start_response("200 OK", TEXT)
            start_response("201 Created", TEXT)
            return [b"never"]

        self.assert_error_page(self.exchange(app))
        self.assertIn("AssertionError: Response headers already set!", self.log.texts("error")[0])

    def test_with_exc_info_before_the_head_replaces_status_and_headers(self) -> None:
        def app(environ: Any, start_response: Any) -> Any:
            start_response("200 OK", [("X-First", "1"), *length(99)])
            try:
                raise ValueError("planned")
            except ValueError:
                start_response("503 Busy", [("X-Second", "2")], sys.exc_info())
            return [b"busy"]

        (frame,) = self.exchange(app)
        self.assertEqual(frame.status, 503)
        self.assertEqual(frame.head, "503 Busy\r\nX-Second: 2\r\nContent-Length: 4\r\n")

    def test_with_exc_info_in_the_first_call_is_an_ordinary_call(self) -> None:
        def app(environ: Any, start_response: Any) -> Any:
            try:
                raise ValueError("planned")
            except ValueError:
                start_response("500 Oh", TEXT, sys.exc_info())
            return [b"oh"]

        self.assertEqual(self.exchange(app)[0].data, b"oh")
        self.assertEqual(self.log.lines, [])

    def test_with_exc_info_after_the_head_raises_that_exception_again(self) -> None:
        caught: list[BaseException] = []

        def app(environ: Any, start_response: Any) -> Any:
            start_response("200 OK", TEXT)
            yield b"data"
            planned = ValueError("planned")
            try:
                raise planned
            except ValueError:
                try:
                    start_response("500 Oh", TEXT, sys.exc_info())
                except ValueError as error:
                    caught.append(error)
                    raise

        frames = self.exchange(app)
        self.assertEqual([str(error) for error in caught], ["planned"])
        self.assertEqual(frames[0].data, b"data")
        self.assert_cut_off(frames)
        self.assertIn("ValueError: planned", self.log.texts("error")[0])

    def test_headers_that_are_refused_are_a_500_and_never_a_400(self) -> None:
        for status, headers, text in (
            ("200 OK", [("Bad Name", "x")], "response header name is 'Bad Name'"),
            ("200 OK", [("Name", "a\r\nSet-Cookie: b")], "response header Name is 'a\\r\\nSet-Cookie: b'"),
            ("200 OK", [("Name", 5)], "value of response header Name is 5"),
            ("OK", [], "response status is 'OK'"),
        ):
            self.log.lines.clear()
            self.assert_error_page(self.exchange(answers([b"body"], status, headers)))
            self.assertIn(text, self.log.texts("error")[0])

    def test_headers_that_are_refused_leave_those_before_them_in_force(self) -> None:
        def app(environ: Any, start_response: Any) -> Any:
            start_response("200 OK", TEXT)
            try:
                start_response("500 Oh", [("Bad Name", "x")], (None, None, None))
            except ValueError:
                pass
            return [b"body"]

        self.assertEqual(self.exchange(app)[0].status, 200)

    def test_never_called_is_a_500_that_says_so(self) -> None:
        for result in ([b"body"], [], iter([b"body"]), iter([b""]), iter([])):
            self.log.lines.clear()
            self.assert_error_page(self.exchange(lambda environ, start_response, result=result: result))
            self.assertIn("start_response()", self.log.texts("error")[0])

    def test_each_request_has_its_own(self) -> None:
        kept: list[Any] = []

        def app(environ: Any, start_response: Any) -> Any:
            kept.append(start_response)
            start_response("200 OK", TEXT)
            return [b"body"]

        self.exchange(app)
        self.assertEqual(self.exchange(app, ticket({"PATH_INFO": FIELDS["PATH_INFO"]}, id=78))[0].id, 78)
        self.assertIsNot(kept[0].__self__, kept[1].__self__)


LINK = [("Link", "</style.css>; rel=preload")]
LINK_LINE = b"Link: </style.css>; rel=preload\r\n"


class EarlyHints(WorkerSideTest):
    def test_are_sent_immediately_each_time_before_the_head(self) -> None:
        seen: list[bytes] = []

        def app(environ: Any, start_response: Any) -> Any:
            self.assertIsNone(environ["wsgi.early_hints"](LINK))
            seen.append(self.waiting_bytes())
            environ["wsgi.early_hints"]([(b"A", b"\xe9"), ("B", "c")])
            start_response("200 OK", TEXT)
            environ["wsgi.early_hints"]([])
            return [b"hello"]

        self.runner(app).run(ticket())
        self.assertEqual(frames_of(seen[0]), [Frame(HINTS, 0, 0, TICKET_ID, "", LINK_LINE)])
        second, third, head = frames_of(self.waiting_bytes())
        self.assertEqual(second, Frame(HINTS, 0, 0, TICKET_ID, "", b"A: \xe9\r\nB: c\r\n"))
        self.assertEqual(third, Frame(HINTS, 0, 0, TICKET_ID, "", b""))
        self.assertEqual((head.type, head.flags, head.data), (HEAD, END | FRAMED, b"hello"))
        self.assertEqual(self.log.lines, [])

    def test_after_the_head_send_nothing(self) -> None:
        kept: list[Any] = []

        def app(environ: Any, start_response: Any) -> Any:
            kept.append(environ["wsgi.early_hints"])
            start_response("200 OK", TEXT)
            yield b"one"
            environ["wsgi.early_hints"](LINK)
            yield b"two"

        self.assertEqual([frame.type for frame in self.exchange(app)], [HEAD, BODY, BODY])
        kept[0](LINK)
        self.assertEqual(self.waiting_bytes(), b"")

    def test_that_are_refused_raise_in_the_application_and_send_nothing(self) -> None:
        caught: list[ValueError] = []

        def app(environ: Any, start_response: Any) -> Any:
            for name, value in (("Bad Name", "x"), ("Name", "a\r\nSet-Cookie: b"), (b"Name", b"\0")):
                try:
                    environ["wsgi.early_hints"]([*LINK, (name, value)])
                except ValueError as error:
                    caught.append(error)
            return answers([b"body"])(environ, start_response)

        (frame,) = self.exchange(app)
        self.assertEqual((frame.type, frame.status), (HEAD, 200))
        self.assertEqual(len(caught), 3)
        self.assertIn("header Name is 'a\\r\\nSet-Cookie: b'", str(caught[1]))

    def test_that_are_refused_and_not_caught_are_a_500(self) -> None:
        self.assert_error_page(self.exchange(lambda environ, start_response: environ["wsgi.early_hints"](["Link"])))
        self.assertIn("early hints must be a list of (name, value) pairs", self.log.texts("error")[0])

    def test_before_a_failure_are_followed_by_its_500(self) -> None:
        def app(environ: Any, start_response: Any) -> Any:
            environ["wsgi.early_hints"](LINK)
            raise ValueError

        hints, *rest = self.exchange(app)
        self.assertEqual(hints.type, HINTS)
        self.assert_error_page(rest)

    def test_count_for_taken_together_with_the_body(self) -> None:
        def app(environ: Any, start_response: Any) -> Any:
            environ["wsgi.early_hints"]([("A", "h" * (60_000 - 5))])
            return answers([b"x" * (UNACKNOWLEDGED_BYTES - 60_000 + 1)])(environ, start_response)

        # exchange() sends TAKEN only after more than this many bytes; an unexpected one would be left over.
        self.exchange(app)
        self.channel._socket.setblocking(False)
        with self.assertRaises(BlockingIOError):
            self.channel._socket.recv(1)

    def test_for_a_client_that_has_gone_send_nothing(self) -> None:
        def app(environ: Any, start_response: Any) -> Any:
            self.board.cancel(CANCEL, TICKET_ID)
            environ["wsgi.early_hints"](LINK)
            return answers(iter([b"body"]))(environ, start_response)

        self.assertEqual([frame.type for frame in self.exchange(app)], [HEAD])


class ClientDisconnected(WorkerSideTest):
    def test_tells_whether_the_cancel_entry_bears_this_ticket(self) -> None:
        seen: list[bool] = []

        def app(environ: Any, start_response: Any) -> Any:
            start_response("200 OK", TEXT)
            for entry in (None, TICKET_ID + 1, TICKET_ID):
                if entry is not None:
                    self.board.cancel(CANCEL, entry)
                seen.append(environ["tunicorn.client_disconnected"]())
            return [b"body"]

        self.exchange(app)
        self.assertEqual(seen, [False, False, True])

    def test_lets_an_application_that_polls_it_stop_early(self) -> None:
        rounds: list[int] = []

        def app(environ: Any, start_response: Any) -> Any:
            start_response("200 OK", TEXT)
            while not environ["tunicorn.client_disconnected"]():
                rounds.append(1)
                if len(rounds) == 3:
                    self.board.cancel(CANCEL, TICKET_ID)
            return []

        self.exchange(app)
        self.assertEqual((len(rounds), self.log.lines), (3, []))

    def test_remembers_what_was_seen_when_the_entry_is_another_tickets(self) -> None:
        kept: list[Any] = []

        def app(environ: Any, start_response: Any) -> Any:
            kept.append(environ["tunicorn.client_disconnected"])
            start_response("200 OK", TEXT)
            self.board.cancel(CANCEL, TICKET_ID)
            yield b"body"

        self.exchange(app)
        self.board.cancel(CANCEL, TICKET_ID + 1)
        self.assertEqual(kept[0](), True)

    def test_of_a_finished_request_does_not_affect_the_next(self) -> None:
        kept: list[Any] = []
        seen: list[bool] = []

        def app(environ: Any, start_response: Any) -> Any:
            kept.append(environ["tunicorn.client_disconnected"])
            if len(kept) == 2:
                self.board.cancel(CANCEL, TICKET_ID + 1)
                seen.extend(asked() for asked in kept)
            return answers([b"body"])(environ, start_response)

        self.exchange(app)
        self.exchange(app, ticket(id=TICKET_ID + 1))
        self.assertEqual(seen, [False, True])


if __name__ == "__main__":
    unittest.main()
