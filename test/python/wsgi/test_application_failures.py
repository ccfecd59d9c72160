"""Applications that fail, before and after their head, and the close() of what they return."""

from __future__ import annotations

import os
import socket
import unittest
from typing import Any

from gateway_double import ROOT, TICKET_ID, WorkerSideTest, ticket
from wsgi_doubles import Closable, hello, returning

from tunicorn.wsgi.response_object import ResponseView
from tunicorn.channels.channel_frame import ABORTED, END, FRAMED, UNACKNOWLEDGED_BYTES
from tunicorn.wsgi.run_request import WorkerEnded


class ApplicationFailures(WorkerSideTest):
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

    def test_a_result_that_cannot_be_iterated_is_a_500_and_named(self) -> None:
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

    def test_hooks_and_logs_get_the_status_and_the_bytes_of_the_gateways_page(self) -> None:
        for method, page_bytes in (("GET", 141), ("HEAD", 0)):
            views: list[ResponseView] = []

            def app(environ: Any, start_response: Any) -> Any:
                views.append(ResponseView(start_response.__self__))
                raise ValueError

            self.assert_error_page(self.exchange(app, ticket({"REQUEST_METHOD": method})))
            (view,) = views
            self.assertEqual((view.status, view.sent, view.response_length), ("500 Internal Server Error", page_bytes, 141))
            self.assertTrue(view.headers_sent)

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

    def test_system_exit_after_the_head_is_raised_after_the_release(self) -> None:
        result = Closable([b"data", SystemExit(7)])
        with self.assertRaises(SystemExit):
            self.exchange(returning(result))
        self.assertEqual(result.closed, 1)
        self.assert_released()

    def test_system_exit_is_raised_though_the_gateway_never_reads_the_long_response_before_it(self) -> None:
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

    def test_the_gateway_answers_the_request_of_an_aborted_worker(self) -> None:
        result = Closable([WorkerEnded(1)])
        with self.assertRaises(WorkerEnded):
            self.runner(returning(result)).run(ticket())
        self.assertEqual(result.closed, 1)
        self.assertEqual(self.board.slot(1)["claim"], TICKET_ID)
        self.gateway.setblocking(False)
        with self.assertRaises(BlockingIOError):
            self.gateway.recv(1)
        self.assertEqual(self.log.texts("error"), [])

    def test_the_worker_serves_on_after_a_failure(self) -> None:
        def app(environ: Any, start_response: Any) -> Any:
            raise ValueError

        self.exchange(app)
        self.assertEqual(self.exchange(hello)[0].data, b"hello")


class ClosingWhatWasReturned(WorkerSideTest):
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


if __name__ == "__main__":
    unittest.main()
