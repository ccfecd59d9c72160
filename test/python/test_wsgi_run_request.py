"""One ticket from the claim to the release: the order of the steps, failures, clients and gateways that go away."""

from __future__ import annotations

import io
import os
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from typing import Any
from wsgiref.validate import validator

from gateway_double import CANCEL, FIELDS, GATEWAY, ROOT, TICKET_ID, UNLESS_BEGUN, WorkerSideTest, frames_of, ticket

from tunicorn.channel import (
    ABORTED,
    ASK,
    DATA,
    END,
    FRAMED,
    PROBED,
    SKIP,
    TAKEN,
    UNACKNOWLEDGED_BYTES,
    WATCH,
    ChannelLost,
)
from tunicorn.ticket import FOLLOWS, KIND_PROBE, RAW_PATH, STREAMED
from tunicorn.wsgi.run_request import WorkerEnded

TEXT = [("Content-Type", "text/plain")]


def piece(data: bytes, flags: int = 0) -> bytes:
    """A piece of a streamed body, as the gateway sends it after WATCH."""
    return struct.pack("<IBBHQ", 16 + len(data), DATA, flags, 0, TICKET_ID) + data


class Closable:
    """An iterable that notes whether it was closed, and what had been sent by then."""

    def __init__(self, items: Any, error: BaseException | None = None) -> None:
        self._items = iter(items)
        self._error = error
        self.closed = 0

    def __iter__(self) -> Closable:
        return self

    def __next__(self) -> bytes:
        item: Any = next(self._items)
        if isinstance(item, BaseException):
            raise item
        if callable(item):
            item = item()
        return item  # type: ignore[no-any-return]

    def close(self) -> None:
        self.closed += 1
        if self._error is not None:
            raise self._error


def hello(environ: Any, start_response: Any) -> Any:
    start_response("200 OK", TEXT)
    return [b"hello"]


def returning(result: Any, status: str = "200 OK", headers: Any = TEXT) -> Any:
    def app(environ: Any, start_response: Any) -> Any:
        start_response(status, headers)
        return result

    return app


class Never:
    """An application that must not be called."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, environ: Any, start_response: Any) -> Any:
        self.calls += 1
        return hello(environ, start_response)


class Order(WorkerSideTest):
    def test_the_claim_stands_while_the_application_runs_and_is_gone_afterwards(self) -> None:
        seen: list[dict[str, int]] = []

        def app(environ: Any, start_response: Any) -> Any:
            seen.append(self.board.slot(1))
            return hello(environ, start_response)

        self.exchange(app)
        self.assertEqual((seen[0]["claim"], seen[0]["gateway"], seen[0]["taken"]), (TICKET_ID, GATEWAY, 1))
        self.assertGreater(seen[0]["started"], 0)
        self.assert_released()

    def test_the_claim_stands_when_end_is_sent_and_while_close_runs(self) -> None:
        seen: list[tuple[bytes, int]] = []

        class Watched(Closable):
            def close(watched) -> None:
                seen.append((self.waiting_bytes(), self.board.slot(1)["claim"]))

        self.runner(returning(Watched([b"data"]))).run(ticket())
        ((sent, claim),) = seen
        self.assertTrue(frames_of(sent)[-1].is_end)
        self.assertEqual(claim, TICKET_ID)
        self.assert_released()

    def test_the_claim_stands_and_is_held_until_a_long_response_has_been_read(self) -> None:
        for size, waits in ((UNACKNOWLEDGED_BYTES, False), (UNACKNOWLEDGED_BYTES + 1, True)):
            with self.subTest(size=size):
                worker = threading.Thread(
                    target=self.runner(returning([b"x" * size])).run, args=(ticket(),), daemon=True
                )
                worker.start()
                (frame,) = frames_of(self.read_frame())
                self.assertEqual((frame.is_end, len(frame.data)), (True, size))
                if waits:
                    deadline = time.monotonic() + 20
                    while not self.board.slot(1)["held"]:
                        self.assertLess(time.monotonic(), deadline, "the claim was never marked as held")
                        time.sleep(0.001)
                    self.assertEqual(self.board.slot(1)["claim"], TICKET_ID)
                    self.gateway.sendall(struct.pack("<IBBHQ", 16, TAKEN, 0, 0, TICKET_ID))
                worker.join(20)
                self.assertFalse(worker.is_alive())
                self.assert_released()

    def test_a_cancelled_ticket_is_claimed_and_skipped(self) -> None:
        app = Never()
        self.board.cancel(CANCEL, TICKET_ID)
        for flags in (0, FOLLOWS):
            (frame,) = self.exchange(app, ticket(flags=flags))
            self.assertEqual((frame.type, frame.flags, frame.id), (SKIP, END, TICKET_ID))
        self.assertEqual((app.calls, self.board.slot(1)["taken"]), (0, 2))
        self.assert_released()

    def test_so_is_one_whose_client_stopped_sending_before_it_was_begun(self) -> None:
        app = Never()
        self.board.cancel(CANCEL, TICKET_ID | UNLESS_BEGUN)
        (frame,) = self.exchange(app)
        self.assertEqual((frame.type, app.calls), (SKIP, 0))

    def test_a_streamed_body_is_whole_before_the_application_is_called(self) -> None:
        self.gateway.sendall(piece(b"one ") + piece(b"two") + piece(b"", END))
        seen: list[bytes] = []

        def app(environ: Any, start_response: Any) -> Any:
            seen.append(environ["wsgi.input"].read())
            return hello(environ, start_response)

        watch, head = self.exchange(app, ticket(flags=STREAMED))
        self.assertEqual((watch.type, watch.id, head.data, seen), (WATCH, TICKET_ID, b"hello", [b"one two"]))

    def test_a_streamed_body_whose_client_leaves_is_skipped(self) -> None:
        self.gateway.sendall(piece(b"one ") + piece(b"", END | ABORTED))
        app = Never()
        frames = self.exchange(app, ticket(flags=STREAMED))
        self.assertEqual(([frame.type for frame in frames], app.calls), ([WATCH, SKIP], 0))
        self.assert_released()

    def test_a_response_that_has_begun_by_then_goes_on_and_the_application_can_see_it(self) -> None:
        seen: list[bool] = []

        def app(environ: Any, start_response: Any) -> Any:
            self.board.cancel(CANCEL, TICKET_ID | UNLESS_BEGUN)
            seen.append(environ["tunicorn.client_disconnected"]())
            environ["wsgi.early_hints"]([("A", "b")])
            start_response("200 OK", TEXT)
            return iter([b"one", b"two"])

        frames = self.exchange(app)
        self.assertEqual([frame.data for frame in frames], [b"A: b\r\n", b"one", b"two", b""])
        self.assertEqual((frames[-1].flags, seen), (END, [True]))

    def test_a_cancel_entry_of_another_ticket_does_not_matter(self) -> None:
        self.board.cancel(CANCEL, TICKET_ID + 1)
        self.assertEqual(self.exchange(hello)[0].data, b"hello")

    def test_a_probe_is_answered_without_a_claim(self) -> None:
        app = Never()
        (frame,) = self.exchange(app, ticket(kind=KIND_PROBE))
        self.assertEqual((frame.type, frame.flags, frame.id), (PROBED, END, TICKET_ID))
        self.assertEqual((app.calls, self.board.slot(1)["taken"]), (0, 0))

    def test_a_ticket_of_a_gateway_that_has_gone_is_dropped(self) -> None:
        app = Never()
        self.runner(app).run(ticket(gateway=GATEWAY + 1))
        self.assertEqual(app.calls, 0)
        self.assert_released()


class Follows(WorkerSideTest):
    FIELDS_BYTES = b"REQUEST_METHOD\0POST\0PATH_INFO\0/%00\0RAW_URI\0/%00"

    def answer(self, answer: bytes) -> None:
        def gateway() -> None:
            self.asked = self.read_frame()
            self.gateway.sendall(answer)

        self.asked = b""
        thread = threading.Thread(target=gateway, daemon=True)
        thread.start()
        self.addCleanup(thread.join, 20)

    def follows(self) -> Any:
        return ticket(
            fields={}, flags=FOLLOWS | RAW_PATH, fields_length=len(self.FIELDS_BYTES), body_length=100_000, body=b""
        )._replace(fields={})

    def header(self, kind: int, size: int) -> bytes:
        return (16 + size).to_bytes(4, "little") + bytes((kind, 0, 0, 0)) + TICKET_ID.to_bytes(8, "little")

    def test_fields_and_body_are_asked_for_after_the_claim(self) -> None:
        body = os.urandom(100_000)
        self.answer(self.header(7, len(self.FIELDS_BYTES) + len(body)) + self.FIELDS_BYTES + body)
        seen: list[Any] = []

        def app(environ: Any, start_response: Any) -> Any:
            seen.append((environ["REQUEST_METHOD"], environ["PATH_INFO"], environ["wsgi.input"].read() == body))
            return hello(environ, start_response)

        self.runner(app).run(self.follows())
        self.assertEqual((self.asked[4], self.asked[8]), (ASK, TICKET_ID))
        self.assertEqual(seen, [("POST", "/\0", True)])
        self.assertEqual(frames_of(self.waiting_bytes())[0].data, b"hello")

    def test_gone_is_answered_by_skip(self) -> None:
        app = Never()
        self.answer(self.header(8, 0))
        self.runner(app).run(self.follows())
        (frame,) = frames_of(self.waiting_bytes())
        self.assertEqual((frame.type, app.calls), (SKIP, 0))
        self.assert_released()

    def test_malformed_fields_are_a_500_that_the_log_explains(self) -> None:
        app = Never()
        self.answer(self.header(7, len(self.FIELDS_BYTES) + 100_000) + b"x" * (len(self.FIELDS_BYTES) + 100_000))
        self.runner(app).run(self.follows())
        self.assert_error_page(frames_of(self.waiting_bytes()))
        self.assertIn("names and values come in pairs", self.log.texts("error")[0])
        self.assertEqual(app.calls, 0)

    def test_a_gateway_that_breaks_off_is_reported_without_a_traceback(self) -> None:
        app = Never()
        self.answer(self.header(7, 5))
        self.runner(app).run(self.follows())
        self.assertEqual(app.calls, 0)
        self.assertEqual(len(self.log.texts("warning")), 1)
        self.assertEqual(self.log.texts("error"), [])
        self.assert_released()


class Spooled(WorkerSideTest):
    def test_the_file_is_the_input_and_is_closed_afterwards(self) -> None:
        path = os.path.join(self.directory, "spool")
        with open(path, "wb") as file:
            file.write(b"spooled")
        inputs: list[Any] = []

        def app(environ: Any, start_response: Any) -> Any:
            inputs.append((environ["wsgi.input"], environ["wsgi.input"].read()))
            environ["wsgi.input"] = io.BytesIO()
            return hello(environ, start_response)

        self.exchange(app, ticket({"tunicorn.spool": path}))
        ((file, content),) = inputs
        self.assertEqual((content, file.closed), (b"spooled", True))

    def test_a_file_that_is_missing_is_a_500_that_the_log_explains(self) -> None:
        app = Never()
        path = os.path.join(self.directory, "missing")
        self.assert_error_page(self.exchange(app, ticket({"tunicorn.spool": path})))
        self.assertIn(f"GET /path?a=1: [Errno 2] No such file or directory: '{path}'", self.log.texts("error")[0])
        self.assertEqual(app.calls, 0)

    def test_a_file_that_went_with_its_client_is_a_skip(self) -> None:
        app = Never()
        answers = iter((False, True))
        self.claim = type(
            "CancelledMeanwhile",
            (),
            {
                "claim": lambda *arguments: None,
                "release": lambda *arguments: None,
                "has_left": lambda *arguments: next(answers),
            },
        )()
        (frame,) = self.exchange(app, ticket({"tunicorn.spool": "/nowhere/at/all"}))
        self.assertEqual((frame.type, app.calls), (SKIP, 0))


class Failures(WorkerSideTest):
    def test_an_exception_before_the_head_is_a_500_and_a_traceback(self) -> None:
        def raises(environ: Any, start_response: Any) -> Any:
            raise ValueError("in the call")

        def raises_after_start(environ: Any, start_response: Any) -> Any:
            start_response("200 OK", [("X-Lost", "1")])
            raise ValueError("after start_response")

        for app, text in (
            (raises, "ValueError: in the call"),
            (raises_after_start, "ValueError: after start_response"),
            (returning(Closable([b"", ValueError("while iterating")])), "ValueError: while iterating"),
        ):
            with self.subTest(text):
                self.log.lines.clear()
                self.assert_error_page(self.exchange(app))
                ((level, logged),) = self.log.lines
                self.assertEqual(level, "error")
                self.assertTrue(logged.startswith("Error handling request GET /path?a=1\nTraceback"), logged)
                self.assertIn(text, logged)
                self.assert_released()

    def test_the_traceback_begins_in_the_application(self) -> None:
        def raises(environ: Any, start_response: Any) -> Any:
            raise ValueError("in the call")

        def refused(environ: Any, start_response: Any) -> Any:
            start_response("200 OK", [("Bad Name", "x")])

        for app, own_lines in (
            (raises, ['raise ValueError("in the call")']),
            (returning(Closable([ValueError("while iterating")])), ["raise item"]),
            (refused, ['start_response("200 OK", [("Bad Name", "x")])']),
        ):
            with self.subTest(own_lines):
                self.log.lines.clear()
                self.exchange(app)
                (text,) = self.log.texts("error")
                self.assertIn("\nTraceback (most recent call last):\n", text)
                self.assertNotIn(os.path.join(ROOT, "python", "tunicorn"), text)
                self.assertEqual(text.count('  File "'), len(own_lines), text)
                for line in own_lines:
                    self.assertIn(line, text)

    def test_what_cannot_be_iterated_is_a_500_and_named(self) -> None:
        self.assert_error_page(self.exchange(returning(None)))
        (text,) = self.log.texts("error")
        self.assertTrue(text.startswith("Error handling request GET /path?a=1\n"), text)
        self.assertTrue(text.endswith("TypeError: 'NoneType' object is not iterable"), text)
        self.assertNotIn('  File "', text)
        self.assert_released()

    def test_a_working_directory_that_is_gone_costs_neither_the_answer_nor_the_traceback(self) -> None:
        def raises(environ: Any, start_response: Any) -> Any:
            exec("raise ValueError('in the call')")

        self.addCleanup(os.chdir, os.getcwd())
        gone = os.path.join(self.directory, "gone")
        os.mkdir(gone)
        os.chdir(gone)
        os.rmdir(gone)
        self.assert_error_page(self.exchange(raises))
        self.assertIn("ValueError: in the call", self.log.texts("error")[0])

    def test_an_exception_before_the_head_of_a_head_request_is_a_500_without_a_body(self) -> None:
        def app(environ: Any, start_response: Any) -> Any:
            raise ValueError

        (frame,) = self.exchange(app, ticket({"REQUEST_METHOD": "HEAD"}))
        self.assertEqual((frame.status, frame.data, frame.flags), (500, b"", END | FRAMED))

    def test_an_exception_after_the_head_cuts_the_response_off(self) -> None:
        result = Closable([b"data", ValueError("too late")])
        frames = self.exchange(returning(result))
        self.assertEqual([(frame.flags, frame.data) for frame in frames], [(0, b"data"), (END | ABORTED, b"")])
        self.assertIn("ValueError: too late", self.log.texts("error")[0])
        self.assertEqual(result.closed, 1)
        self.assert_released()

    def test_an_exception_after_the_last_byte_of_the_content_length_is_only_logged(self) -> None:
        headers = [("Content-Length", "4")]
        frames = self.exchange(returning(Closable([b"data", ValueError("too late")]), headers=headers))
        self.assertEqual([(frame.flags, frame.data) for frame in frames], [(END | FRAMED, b"data")])
        self.assertIn("ValueError: too late", self.log.texts("error")[0])

    def test_exceptions_that_are_no_exception_are_answered_and_kept_in(self) -> None:
        class Timeout(BaseException):
            pass

        def app(environ: Any, start_response: Any) -> Any:
            raise Timeout

        self.assert_error_page(self.exchange(app))

    def test_system_exit_and_keyboard_interrupt_are_answered_and_raised_after_the_release(self) -> None:
        for error in (SystemExit(7), KeyboardInterrupt()):
            with self.subTest(type(error).__name__):
                self.log.lines.clear()

                def app(environ: Any, start_response: Any, error: BaseException = error) -> Any:
                    raise error

                with self.assertRaises(type(error)) as caught:
                    self.exchange(app)
                self.assertIs(caught.exception, error)
                self.assertEqual(len(self.log.texts("error")), 1)
                self.assert_released()

    def test_so_is_system_exit_after_the_head(self) -> None:
        result = Closable([b"data", SystemExit(7)])
        with self.assertRaises(SystemExit):
            self.exchange(returning(result))
        self.assertEqual(result.closed, 1)
        self.assert_released()

    def test_so_is_system_exit_of_a_long_response_that_the_gateway_never_says_it_has_read(self) -> None:
        def close() -> None:
            self.gateway.shutdown(socket.SHUT_WR)
            raise SystemExit(7)

        result = Closable([b"x" * UNACKNOWLEDGED_BYTES, b"x"])
        result.close = close  # type: ignore[method-assign]
        with self.assertRaises(SystemExit):
            self.runner(returning(result)).run(ticket())
        self.assert_released()

    def test_the_claim_stays_when_the_worker_leaves_without_having_said_end(self) -> None:
        def app(environ: Any, start_response: Any) -> Any:
            self.channel.close()
            raise SystemExit(7)

        with self.assertRaises(SystemExit):
            self.runner(app).run(ticket())
        self.assertEqual(self.board.slot(1)["claim"], TICKET_ID)

    def test_of_a_worker_that_is_aborted_the_gateway_answers_the_request(self) -> None:
        result = Closable([WorkerEnded(1)])
        with self.assertRaises(WorkerEnded):
            self.runner(returning(result)).run(ticket())
        self.assertEqual(result.closed, 1)
        self.assertEqual(self.board.slot(1)["claim"], TICKET_ID)
        self.gateway.setblocking(False)
        with self.assertRaises(BlockingIOError):
            self.gateway.recv(1)
        self.assertIn("WorkerEnded", self.log.texts("error")[0])

    def test_the_worker_serves_on_after_a_failure(self) -> None:
        def app(environ: Any, start_response: Any) -> Any:
            raise ValueError

        self.exchange(app)
        self.assertEqual(self.exchange(hello)[0].data, b"hello")


class Close(WorkerSideTest):
    def test_is_called_once_whatever_happened(self) -> None:
        for items in ([b"data"], [], [b"data", ValueError()], [ValueError()], ["text"], [b"data", SystemExit()]):
            with self.subTest(items=items):
                result = Closable(items)
                try:
                    self.exchange(returning(result))
                except SystemExit:
                    pass
                self.assertEqual(result.closed, 1)

    def test_is_called_when_start_response_never_was(self) -> None:
        result = Closable([b"data"])
        self.assert_error_page(self.exchange(lambda environ, start_response: result))
        self.assertEqual(result.closed, 1)

    def test_is_called_on_a_list_that_has_one(self) -> None:
        class ClosableList(list):  # type: ignore[type-arg]
            closed = 0

            def close(self) -> None:
                self.closed += 1

        result = ClosableList([b"data"])
        self.exchange(returning(result))
        self.assertEqual(result.closed, 1)

    def test_its_exception_is_logged_and_the_response_stands(self) -> None:
        frames = self.exchange(returning(Closable([b"data"], error=ValueError("in close"))))
        self.assertEqual([frame.flags & ABORTED for frame in frames], [0, 0])
        self.assertIn("ValueError: in close", self.log.texts("error")[0])
        self.assert_released()

    def test_its_system_exit_is_raised_after_the_release(self) -> None:
        with self.assertRaises(SystemExit):
            self.exchange(returning(Closable([b"data"], error=SystemExit(7))))
        self.assert_released()


class ClientGone(WorkerSideTest):
    def cancel(self) -> None:
        self.board.cancel(CANCEL, TICKET_ID)

    def test_iteration_stops_the_response_is_aborted_and_no_traceback_is_written(self) -> None:
        def second() -> bytes:
            self.cancel()
            return b"second"

        result = Closable([b"first", second, b"third"])
        frames = self.exchange(returning(result))
        self.assertEqual([(frame.flags, frame.data) for frame in frames], [(0, b"first"), (END | ABORTED, b"")])
        self.assertEqual(next(result), b"third")
        self.assertEqual(result.closed, 1)
        self.assertEqual(self.log.lines, [("debug", "Client went away during GET /path?a=1")])
        self.assert_released()

    def test_before_the_head_it_is_sent_with_the_abort(self) -> None:
        def first() -> bytes:
            self.cancel()
            return b"first"

        (frame,) = self.exchange(returning(Closable([first, b"second"])))
        self.assertEqual((frame.status, frame.flags, frame.data), (200, END | ABORTED, b""))

    def test_is_seen_between_the_pieces_of_a_large_item(self) -> None:
        def once_the_first_frame_is_read(read: Any) -> bytes:
            frame: bytes = read()
            self.cancel()
            return frame

        read = self.read_frame
        self.read_frame = lambda: once_the_first_frame_is_read(read)  # type: ignore[method-assign]
        frames = self.exchange(returning(iter([b"x" * (32 * 1024 * 1024)])))
        self.assertLess(len(frames), 5)
        self.assert_cut_off(frames)

    def test_write_raises_a_connection_error_each_time(self) -> None:
        raised: list[BaseException] = []

        def app(environ: Any, start_response: Any) -> Any:
            write = start_response("200 OK", TEXT)
            write(b"first")
            self.cancel()
            for _ in range(2):
                try:
                    write(b"more")
                except ConnectionError as error:
                    raised.append(error)
            return [b"rest"]

        frames = self.exchange(app)
        self.assertEqual([(frame.flags, frame.data) for frame in frames], [(0, b"first"), (END | ABORTED, b"")])
        self.assertEqual(len(raised), 2)
        self.assertEqual([level for level, _ in self.log.lines], ["debug"])

    def test_write_that_nobody_catches_leaves_no_traceback(self) -> None:
        def app(environ: Any, start_response: Any) -> Any:
            write = start_response("200 OK", TEXT)
            self.cancel()
            write(b"more")

        self.assert_cut_off(self.exchange(app))
        self.assertEqual([level for level, _ in self.log.lines], ["debug"])
        self.assert_released()


class GatewayGone(WorkerSideTest):
    def test_while_streaming_stops_closes_and_writes_no_traceback(self) -> None:
        def second() -> bytes:
            self.gateway.close()
            return b"second"

        result = Closable([b"first", second, b"third"])
        self.runner(returning(result)).run(ticket())
        self.assertEqual(result.closed, 1)
        self.assertEqual(next(result), b"third")
        self.assertEqual([level for level, _ in self.log.lines], ["warning"])
        self.assertIn("GET /path?a=1", self.log.lines[0][1])
        self.assertTrue(self.channel.is_lost)
        self.assert_released()

    def test_while_the_application_runs_is_found_at_the_first_frame(self) -> None:
        def app(environ: Any, start_response: Any) -> Any:
            self.gateway.close()
            return hello(environ, start_response)

        self.runner(app).run(ticket())
        self.assertEqual([level for level, _ in self.log.lines], ["warning"])
        self.assert_released()

    def test_an_application_error_is_logged_even_so(self) -> None:
        def app(environ: Any, start_response: Any) -> Any:
            self.gateway.close()
            raise ValueError("its own")

        self.runner(app).run(ticket())
        self.assertEqual([level for level, _ in self.log.lines], ["error", "warning"])

    def test_a_connection_error_of_the_applications_own_is_an_application_error(self) -> None:
        def app(environ: Any, start_response: Any) -> Any:
            raise ConnectionResetError("the database")

        self.assert_error_page(self.exchange(app))
        self.assertNotIsInstance(ConnectionResetError(), ChannelLost)


class Validated(WorkerSideTest):
    """wsgiref.validate checks both sides: the environ and the way the result is treated."""

    FIELDS = {**FIELDS, "CONTENT_TYPE": "text/plain", "CONTENT_LENGTH": "4", "REQUEST_METHOD": "POST"}

    def check(self, app: Any, **others: Any) -> list[Any]:
        frames = self.exchange(validator(app), ticket(self.FIELDS, **others))
        self.assertEqual(self.log.lines, [])
        return frames

    def test_a_list(self) -> None:
        frames = self.check(hello, body=b"body")
        self.assertEqual(b"".join(frame.data for frame in frames), b"hello")

    def test_a_generator_that_reads_the_input_and_writes(self) -> None:
        def app(environ: Any, start_response: Any) -> Any:
            write = start_response("200 OK", TEXT)
            write(b"written ")
            environ["wsgi.errors"].write("")
            environ["wsgi.errors"].flush()
            return iter([environ["wsgi.input"].read(2), environ["wsgi.input"].readline(), b"!"])

        frames = self.check(app, body=b"body")
        self.assertEqual(b"".join(frame.data for frame in frames), b"written body!")

    def test_the_file_wrapper(self) -> None:
        def app(environ: Any, start_response: Any) -> Any:
            start_response("200 OK", [*TEXT, ("Content-Length", "4")])
            return environ["wsgi.file_wrapper"](environ["wsgi.input"])

        def unvalidated_input(environ: Any, start_response: Any) -> Any:
            environ["wsgi.input"] = io.BytesIO(b"file")
            return app(environ, start_response)

        frames = self.check(unvalidated_input)
        self.assertEqual(b"".join(frame.data for frame in frames), b"file")

    def test_the_spooled_input(self) -> None:
        with tempfile.NamedTemporaryFile(dir=self.directory, delete=False) as spool:
            spool.write(b"line\nrest")

        def app(environ: Any, start_response: Any) -> Any:
            start_response("200 OK", TEXT)
            return [b"".join(environ["wsgi.input"])]

        frames = self.exchange(validator(app), ticket({**self.FIELDS, "tunicorn.spool": spool.name}))
        self.assertEqual(self.log.lines, [])
        self.assertEqual(b"".join(frame.data for frame in frames), b"line\nrest")


class Errors(WorkerSideTest):
    """The stream wsgi.errors at the end of a request."""

    def logged(self) -> str:
        with open(self.errors_path) as file:
            return file.read()

    def test_what_has_no_line_end_yet_is_written_when_the_request_is_over(self) -> None:
        def in_the_call(environ: Any, start_response: Any) -> Any:
            environ["wsgi.errors"].write("half")
            return hello(environ, start_response)

        def in_close(environ: Any, start_response: Any) -> Any:
            class Written(Closable):
                def close(self) -> None:
                    environ["wsgi.errors"].writelines(["ha", "lf"])

            start_response("200 OK", TEXT)
            return Written([b"data"])

        def before_an_exception(environ: Any, start_response: Any) -> Any:
            print("half", end="", file=environ["wsgi.errors"])
            raise ValueError

        for app in (in_the_call, in_close, before_an_exception):
            with self.subTest(app.__name__):
                os.truncate(self.errors_path, 0)
                self.exchange(app)
                self.assertEqual(self.logged(), "half")

    def test_so_it_is_before_the_application_ends_the_worker(self) -> None:
        def app(environ: Any, start_response: Any) -> Any:
            environ["wsgi.errors"].write("half")
            raise SystemExit(7)

        with self.assertRaises(SystemExit):
            self.exchange(app)
        self.assertEqual(self.logged(), "half")

    def test_so_it_is_before_the_gateway_has_read_a_long_response(self) -> None:
        def app(environ: Any, start_response: Any) -> Any:
            environ["wsgi.errors"].write("half")
            return returning([b"x" * (UNACKNOWLEDGED_BYTES + 1)])(environ, start_response)

        seen: list[str] = []

        def take(received: list[bytes]) -> None:
            deadline = time.monotonic() + 20
            while not self.board.slot(1)["held"]:
                self.assertLess(time.monotonic(), deadline, "the worker never waited")
                time.sleep(0.001)
            seen.append(self.logged())
            WorkerSideTest.take(self, received)

        self.take = take  # type: ignore[method-assign]
        self.exchange(app)
        self.assertEqual(seen, ["half"])

    def test_a_request_that_wrote_nothing_flushes_nothing(self) -> None:
        flushes: list[int] = []
        flush = self.errors.flush

        def counted() -> None:
            flushes.append(1)
            flush()

        def writes(environ: Any, start_response: Any) -> Any:
            environ["wsgi.errors"].write("half")
            return hello(environ, start_response)

        self.errors.flush = counted  # type: ignore[method-assign]
        self.exchange(hello)
        self.assertEqual(len(flushes), 0)
        self.exchange(writes)
        self.exchange(hello)
        self.assertEqual(len(flushes), 1)


class Faults(WorkerSideTest):
    """Each named point is where its name says: killed there, a worker has done what comes before and nothing after."""

    PROGRAM = """
import socket, sys
sys.path[:0] = sys.argv[3:5]
from gateway_double import ListLog, ticket, base_environ, Channel, ClaimsBoard, ErrorLog, RequestRunner, WsgiErrors
from tunicorn.ticket import FOLLOWS
claim = ClaimsBoard.open(sys.argv[1]).slot(1)
channel = Channel(socket.socket(fileno=int(sys.argv[2])), claim)
def app(environ, start_response):
    start_response("200 OK", [])
    channel.body(1, 0, b"app ran")
    return iter([b"first", b"second"])
errors = WsgiErrors(ErrorLog("-"))
runner = RequestRunner(app=app, base_environ=base_environ(True, "x", errors), channel=lambda number: channel,
                       claim=claim, errors=errors, log=ListLog())
runner.run(ticket(flags=FOLLOWS, fields_length=18, body_length=0))
"""
    ASKED, RAN, HEAD_FRAME, BODY_FRAME, LAST = "ask", "ran", "head", "body", "end"

    def run_until(self, point: str) -> tuple[list[str], int]:
        fields = b"REQUEST_METHOD\0GET"
        self.gateway.sendall((16 + len(fields)).to_bytes(4, "little") + b"\7\0\0\0" + TICKET_ID.to_bytes(8, "little"))
        self.gateway.sendall(fields)
        workers_fd = self.channel._socket.fileno()
        arguments = [
            self.board.path,
            str(workers_fd),
            os.path.join(ROOT, "test", "python"),
            os.path.join(ROOT, "python"),
        ]
        fault = f"{point}:kill:{os.path.join(self.directory, point)}"
        done = subprocess.run(
            [sys.executable, "-c", self.PROGRAM, *arguments],
            pass_fds=[workers_fd],
            env={**os.environ, "TUNICORN_FAULT": fault},
            timeout=30,
        )
        self.assertEqual(done.returncode, -signal.SIGKILL)
        names = {(2, 0): "ask", (4, 0): "body", (3, 0): "head", (4, END): "end"}
        frames = [
            "ran" if frame.data == b"app ran" else names[frame.type, frame.flags]
            for frame in frames_of(self.waiting_bytes())
        ]
        return frames, self.board.slot(1)["claim"]

    def test_every_point(self) -> None:
        for point, frames, claim in (
            ("after-claim", [], TICKET_ID),
            ("after-ask", ["ask"], TICKET_ID),
            ("in-app", ["ask"], TICKET_ID),
            ("after-head", ["ask", "ran", "head"], TICKET_ID),
            ("before-end", ["ask", "ran", "head", "body"], TICKET_ID),
            ("after-end", ["ask", "ran", "head", "body", "end"], TICKET_ID),
            ("after-release", ["ask", "ran", "head", "body", "end"], 0),
        ):
            with self.subTest(point):
                self.setUp()
                self.assertEqual(self.run_until(point), (frames, claim))


if __name__ == "__main__":
    unittest.main()
