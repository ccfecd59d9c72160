"""The environ that the application sees."""

from __future__ import annotations

import io
import os
import tempfile
import unittest
from unittest import mock

from gateway_double import FIELDS

from tunicorn.wsgi.environ import base_environ, request_environ
from tunicorn.wsgi.file_wrapper import FileWrapper
from tunicorn.wsgi.request_object import Request as RequestObject

ERRORS = io.StringIO()


def base(multiprocess: bool = True) -> dict[str, object]:
    return base_environ(multiprocess, "tunicorn/0.1.0", ERRORS)


class Base(unittest.TestCase):
    def test_holds_what_pep_3333_and_gunicorn_promise(self) -> None:
        with mock.patch.dict(os.environ):
            os.environ.pop("SCRIPT_NAME", None)
            self.assertEqual(
                base(),
                {
                    "wsgi.version": (1, 0),
                    "wsgi.url_scheme": "http",
                    "wsgi.errors": ERRORS,
                    "wsgi.multithread": False,
                    "wsgi.multiprocess": True,
                    "wsgi.run_once": False,
                    "wsgi.file_wrapper": FileWrapper,
                    "wsgi.input_terminated": True,
                    "wsgi.early_hints": None,
                    "tunicorn.client_disconnected": None,
                    "SERVER_SOFTWARE": "tunicorn/0.1.0",
                    "SCRIPT_NAME": "",
                },
            )

    def test_multiprocess_and_multithread_are_the_workers_to_say(self) -> None:
        self.assertIs(base(multiprocess=False)["wsgi.multiprocess"], False)
        self.assertIs(base_environ(True, "x", ERRORS, multithread=True)["wsgi.multithread"], True)

    def test_script_name_comes_from_the_environment(self) -> None:
        with mock.patch.dict(os.environ, SCRIPT_NAME="/api"):
            self.assertEqual(base()["SCRIPT_NAME"], "/api")


class Request(unittest.TestCase):
    def test_fields_override_the_base_and_leave_it_as_it_was(self) -> None:
        shared = base()
        before = dict(shared)
        environ = request_environ(shared, {**FIELDS, "wsgi.url_scheme": "https", "SCRIPT_NAME": "/x"}, b"", 0)
        self.assertEqual((environ["wsgi.url_scheme"], environ["SCRIPT_NAME"]), ("https", "/x"))
        self.assertEqual(environ["REQUEST_METHOD"], "GET")
        self.assertIs(type(environ), dict)
        environ["added"] = 1
        self.assertEqual(shared, before)

    def test_path_info_is_taken_as_the_gateway_decoded_it(self) -> None:
        self.assertEqual(request_environ(base(), {"PATH_INFO": "/%41%00"}, b"", 0)["PATH_INFO"], "/%41%00")

    def test_raw_path_is_decoded_here_byte_by_byte(self) -> None:
        fields = {"PATH_INFO": "/a%00b%C3%A9\xe9%zz"}
        self.assertEqual(request_environ(base(), fields, b"", 2)["PATH_INFO"], "/a\0b\xc3\xa9\xe9%zz")

    def test_input_holds_the_body_that_came_with_the_ticket(self) -> None:
        body = request_environ(base(), FIELDS, b"one\ntwo\nthree", 0)["wsgi.input"]
        self.assertEqual(body.read(2), b"on")
        self.assertEqual(body.readline(), b"e\n")
        self.assertEqual(list(body), [b"two\n", b"three"])
        self.assertEqual(body.read(), b"")
        self.assertEqual(request_environ(base(), FIELDS, b"", 0)["wsgi.input"].read(), b"")

    def test_input_is_the_spooled_file_whose_path_the_application_does_not_see(self) -> None:
        with tempfile.NamedTemporaryFile() as spool:
            spool.write(b"spooled\nbody")
            spool.flush()
            environ = request_environ(base(), {**FIELDS, "tunicorn.spool": spool.name}, b"", 0)
        self.addCleanup(environ["wsgi.input"].close)
        self.assertNotIn("tunicorn.spool", environ)
        self.assertEqual(environ["wsgi.input"].readlines(), [b"spooled\n", b"body"])

    def test_input_takes_its_arguments_by_name_in_memory_and_from_a_file(self) -> None:
        data = b"one\ntwo\nthree\nfour"
        with tempfile.NamedTemporaryFile() as spool:
            spool.write(data)
            spool.flush()
            bodies = [
                request_environ(base(), FIELDS, data, 0)["wsgi.input"],
                request_environ(base(), {**FIELDS, "tunicorn.spool": spool.name}, b"", 0)["wsgi.input"],
            ]
        for body in bodies:
            with self.subTest(type(body).__name__):
                self.addCleanup(body.close)
                self.assertEqual(body.read(size=1), b"o")
                self.assertEqual(body.readline(size=2), b"ne")
                self.assertEqual(body.readline(size=None), b"\n")
                self.assertEqual(body.readlines(hint=1), [b"two\n"])
                self.assertEqual(next(body), b"three\n")
                self.assertEqual(body.read(size=0), b"")
                self.assertEqual(body.readlines(size=None), [b"four"])
                body.seek(0)
                self.assertEqual(body.readlines(size=5), [b"one\n", b"two\n"])
                body.seek(0)
                self.assertEqual(body.readlines(), list(data.splitlines(keepends=True)))
                self.assertEqual(body.read(None), b"")


class RequestUnreader(unittest.TestCase):
    def test_reads_what_is_left_of_the_body_and_takes_bytes_back(self) -> None:
        environ = request_environ(base(), FIELDS, b"one two", 0)
        request = RequestObject(environ, None)
        self.assertEqual(request.unreader.read(3), b"one")
        request.unreader.unread(b"ONE")
        self.assertEqual(environ["wsgi.input"].read(size=5), b"ONE t")
        self.assertEqual(request.unreader.read(), b"wo")
        self.assertEqual((request.unreader.read(), request.unreader.chunk()), (b"", b""))
        self.assertEqual(request.body.read(), b"")

    def test_says_that_there_is_no_socket(self) -> None:
        unreader = RequestObject({"wsgi.input": None}, None).unreader
        self.assertIsNone(getattr(unreader, "sock", None))
        with self.assertRaisesRegex(AttributeError, "req.remote_addr"):
            _ = unreader.sock
        self.assertEqual(unreader.read(), b"")


if __name__ == "__main__":
    unittest.main()
