"""Checks the arguments of `start_response` and turns them into the head of a HEAD frame, and those of
`wsgi.early_hints` into the lines of a HINTS frame. Pure. Valid names and status lines are cached.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

# RFC 9110 section 5.6.2 and 5.5, without the bytes that would end a line or a string.
_is_token = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+").fullmatch
_is_value = re.compile(r"[ \t\x21-\x7e\x80-\xff]*").fullmatch
_is_status = re.compile(r"[1-9][0-9]{2}(?: [ \t\x21-\x7e\x80-\xff]*)?").fullmatch
_is_length = re.compile(r"[0-9]{1,15}").fullmatch

# Set by the gateway, or hop-by-hop (RFC 9110 section 7.6.1).
_DROPPED_NAMES = frozenset(
    (
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailers",
        "transfer-encoding",
        "upgrade",
        "server",
        "date",
    )
)
_ORDINARY, _DROPPED, _LENGTH, _CONNECTION = range(4)
_fates = {**dict.fromkeys(_DROPPED_NAMES, _DROPPED), "content-length": _LENGTH, "connection": _CONNECTION}
_REMEMBERED = 1000

_fate_of_name: dict[str, int] = {}
_start_of_status: dict[str, tuple[int, str]] = {}


class InvalidResponse(ValueError):
    """The application broke PEP 3333 or RFC 9110. It is the application's fault, never the client's."""


class ResponseHead(NamedTuple):
    status: int
    parts: list[str]
    """Joined, they form the head; one more header may be appended."""
    content_length: int
    """-1 if the application did not say."""
    closes: bool
    """The application asks to close the connection."""


def response_head(status: str, headers: Iterable[tuple[str, str]]) -> ResponseHead:
    """Raises InvalidResponse, which names what is wrong."""
    start = _start_of_status.get(status) if type(status) is str else None
    code, line = start or _check_status(status)
    parts = [line]
    content_length = -1
    closes = False
    try:
        for name, value in headers:
            fate = _fate_of_name.get(name)
            if fate is None:
                fate = _check_name(name)
            # Nearly every value is printable ASCII, and two calls check that faster than the expression.
            if type(value) is not str or not (value.isascii() and value.isprintable()):
                _check_value(name, value)
            if fate == _ORDINARY:
                parts += (name, ": ", value.strip(" \t"), "\r\n")
            elif fate == _LENGTH:
                if content_length >= 0:
                    raise InvalidResponse("a second Content-Length in the response headers")
                content_length = _check_length(value)
                if code != 204 and code != 205:
                    parts += (name, ": ", str(content_length), "\r\n")
            elif fate == _CONNECTION:
                closes = closes or asks_to_close(value)
    except InvalidResponse:
        raise
    except (TypeError, ValueError) as error:
        raise InvalidResponse(f"response headers must be a list of (name, value) pairs of str: {error}") from None
    if code == 204:
        content_length = -1
    elif code == 205:
        # RFC 9110 section 15.3.6: a 205 has no content, and says so.
        content_length = 0
        parts.append("Content-Length: 0\r\n")
    return ResponseHead(code, parts, content_length, closes)


def asks_to_close(connection: str) -> bool:
    """Whether a Connection field, which is a list, contains `close`."""
    return any(option.strip(" \t").lower() == "close" for option in connection.split(","))


def hint_lines(headers: Iterable[tuple[str | bytes, str | bytes]]) -> str:
    """Raises InvalidResponse. Drops Content-Length, too: RFC 9110 section 8.6 forbids it in an interim response."""
    parts: list[str] = []
    try:
        for name, value in headers:
            if isinstance(name, bytes):
                name = name.decode("latin-1")
            if isinstance(value, bytes):
                value = value.decode("latin-1")
            fate = _fate_of_name.get(name)
            if fate is None:
                fate = _check_name(name)
            _check_value(name, value)
            if fate == _ORDINARY:
                parts += (name, ": ", value.strip(" \t"), "\r\n")
    except InvalidResponse:
        raise
    except (TypeError, ValueError) as error:
        raise InvalidResponse(f"early hints must be a list of (name, value) pairs of str or bytes: {error}") from None
    return "".join(parts)


def _check_status(status: object) -> tuple[int, str]:
    if not isinstance(status, str) or not _is_status(status):
        raise InvalidResponse(f"response status is {status!r}; it must be a str like '200 OK'")
    # RFC 9112 section 4: the space after the code is required even if no reason follows.
    start = int(status[:3]), "".join((status, "\r\n" if len(status) > 3 else " \r\n"))
    if len(_start_of_status) < _REMEMBERED:
        _start_of_status[str(status)] = start
    return start


def _check_name(name: object) -> int:
    if not isinstance(name, str) or not _is_token(name):
        raise InvalidResponse(f"response header name is {name!r}; it must be a str and a token (RFC 9110 section 5.1)")
    folded = name.lower()
    fate = _fates.get(folded, _ORDINARY)
    if len(_fate_of_name) < _REMEMBERED:
        _fate_of_name[str(name)] = fate
    return fate


def _check_value(name: str, value: object) -> None:
    if not isinstance(value, str) or not _is_value(value):
        raise InvalidResponse(
            f"value of response header {name} is {value!r:.200}; "
            "it must be a str of ISO-8859-1 without control characters"
        )


def _check_length(value: str) -> int:
    stripped = value.strip(" \t")
    if not _is_length(stripped):
        raise InvalidResponse(
            f"value of response header Content-Length is {value!r:.200}; it must be a number of bytes"
        )
    return int(stripped)
