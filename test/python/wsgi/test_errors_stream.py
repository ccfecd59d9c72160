"""The stream wsgi.errors at the end of a request."""

from __future__ import annotations

import os
import time
import unittest
from typing import Any

from gateway_double import WorkerSideTest
from wsgi_doubles import TEXT, Closable, hello, returning

from tunicorn.channels.channel_frame import UNACKNOWLEDGED_BYTES


class WsgiErrorsStream(WorkerSideTest):
    """The stream wsgi.errors at the end of a request."""

    def logged(self) -> str:
        with open(self.errors_path) as file:
            return file.read()

    def test_an_unfinished_line_is_written_at_the_end_of_the_request(self) -> None:
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

    def test_half_a_line_is_in_the_log_before_the_application_ends_the_worker(self) -> None:
        def app(environ: Any, start_response: Any) -> Any:
            environ["wsgi.errors"].write("half")
            raise SystemExit(7)

        with self.assertRaises(SystemExit):
            self.exchange(app)
        self.assertEqual(self.logged(), "half")

    def test_half_a_line_is_in_the_log_before_the_gateway_has_read_a_long_response(self) -> None:
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


if __name__ == "__main__":
    unittest.main()
