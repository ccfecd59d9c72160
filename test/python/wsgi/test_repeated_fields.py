"""Fields that come again are parsed once."""

from __future__ import annotations

import unittest

import gateway_double  # noqa: F401 - puts python/ on sys.path

from tunicorn.runqueue.ticket import TicketError, parse_fields
from tunicorn.wsgi import repeated_fields as module
from tunicorn.wsgi.repeated_fields import RepeatedFields


def fields(number: int) -> bytes:
    return b"REQUEST_METHOD\0GET\0PATH_INFO\0/%d" % number


class Parsing(unittest.TestCase):
    def test_gives_what_parse_fields_gives_however_often(self) -> None:
        repeated = RepeatedFields()
        for number in (1, 2, 1, 2, 1):
            self.assertEqual(repeated.parse(bytearray(fields(number))), parse_fields(fields(number)))
        self.assertIs(repeated.parse(fields(1)), repeated.parse(fields(1)))

    def test_is_of_the_bytes_at_that_time(self) -> None:
        repeated = RepeatedFields()
        buffer = bytearray(fields(1))
        repeated.parse(buffer)
        buffer[-1:] = b"2"
        self.assertEqual(repeated.parse(buffer)["PATH_INFO"], "/2")
        self.assertEqual(repeated.parse(fields(1))["PATH_INFO"], "/1")

    def test_refuses_malformed_fields_each_time(self) -> None:
        repeated = RepeatedFields()
        for _ in range(2):
            with self.assertRaises(TicketError):
                repeated.parse(b"A\0b\0c")

    def test_keeps_a_bounded_number_and_none_that_are_long(self) -> None:
        repeated = RepeatedFields()
        for number in range(20 * module._PARSED):
            repeated.parse(fields(number))
            self.assertLessEqual(len(repeated._known), module._REMEMBERED)
        other = RepeatedFields()
        other.parse(b"A\0" + b"x" * module._LIMIT_BYTES)
        self.assertEqual(other._known, {})

    def test_remembers_again_when_requests_repeat_again(self) -> None:
        repeated = RepeatedFields()
        for number in range(module._MISSES):
            repeated.parse(fields(number))
        for _ in range(module._PARSED + 1):
            repeated.parse(fields(1))
        self.assertIs(repeated.parse(fields(1)), repeated.parse(fields(1)))


if __name__ == "__main__":
    unittest.main()
