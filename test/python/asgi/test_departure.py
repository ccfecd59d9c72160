"""Exceptions by which an application only reports that its client has left."""

from __future__ import annotations

import unittest
from typing import Any

import asgi_doubles  # noqa: F401 - puts python/ on sys.path

from tunicorn.asgi.departure import is_departure
from tunicorn.channels.client_gone import ClientGone


class ClientDisconnect(Exception):
    """Like Starlette's."""


class Group(Exception):
    """Like an ExceptionGroup, which Python 3.9 does not have."""

    def __init__(self, *exceptions: BaseException) -> None:
        self.exceptions = exceptions


def caused_by(cause: BaseException) -> BaseException:
    error = ValueError()
    error.__cause__ = cause
    return error


class Departures(unittest.TestCase):
    def test_are_known_by_kind_name_and_cause_also_in_groups(self) -> None:
        gone = ClientGone("the client has left")
        errors: list[Any] = [gone, ConnectionResetError(), ClientDisconnect(), caused_by(gone)]
        for error in [*errors, Group(*errors), Group(Group(gone))]:
            self.assertTrue(is_departure(error), repr(error))

    def test_any_other_error_is_none(self) -> None:
        fault = KeyError("a")
        for error in (fault, caused_by(fault), Group(), Group(ClientDisconnect(), fault), SystemExit(1)):
            self.assertFalse(is_departure(error), repr(error))


if __name__ == "__main__":
    unittest.main()
