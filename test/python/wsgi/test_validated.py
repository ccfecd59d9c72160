"""Requests with wsgiref.validate on both sides."""

from __future__ import annotations

import io
import tempfile
import unittest
from typing import Any
from wsgiref.validate import validator

from gateway_double import FIELDS, WorkerSideTest, ticket
from wsgi_doubles import TEXT, hello


class UnderWsgirefValidate(WorkerSideTest):
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


if __name__ == "__main__":
    unittest.main()
