"""Checks the status and the headers that an ASGI application sends and turns them into the head of a HEAD frame. Pure.
The twin of wsgi/response_head.py; here everything is bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import Dict, List, NamedTuple, Tuple

_is_token = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+").fullmatch
_is_value = re.compile(rb"[ \t\x21-\x7e\x80-\xff]*").fullmatch
_is_length = re.compile(rb"[0-9]{1,15}").fullmatch

# The gateway's own, or about one connection only (RFC 9110 section 7.6.1).
_DROPPED_NAMES = frozenset(
    (
        *(b"connection", b"keep-alive", b"proxy-connection", b"te", b"transfer-encoding", b"upgrade"),
        *(b"server", b"date"),
    )
)
_ORDINARY, _DROPPED, _LENGTH = range(3)
_REMEMBERED = 1000

_fate_of_name: Dict[bytes, int] = {}
_start_of_status: Dict[int, bytes] = {
    status.value: f"{status.value} {status.phrase}\r\n".encode("latin-1") for status in HTTPStatus
}


class InvalidResponse(ValueError):
    """The application broke the ASGI specification or RFC 9110: its own fault, never the client's."""


class Head(NamedTuple):
    status: int
    parts: List[bytes]
    """Joined, they are the head; a last header may be added."""
    content_length: int
    """-1: the application did not say."""


def header_list(headers: object) -> List[Tuple[bytes, bytes]]:
    """Raises InvalidResponse."""
    if headers.__class__ is list:
        return headers
    if headers is None:
        return []
    if not isinstance(headers, Iterable):
        raise InvalidResponse(f"response headers are {headers!r:.200}; they must be (name, value) pairs of bytes")
    return list(headers)


def response_head(status: object, headers: Iterable[Tuple[bytes, bytes]]) -> Head:
    """Raises InvalidResponse, which names what is wrong."""
    code = status if status.__class__ is int else _int_of(status)
    start = _start_of_status.get(code)  # type: ignore[call-overload]
    parts = [start or _check_status(code)]
    content_length = -1
    try:
        for name, value in headers:
            fate = _fate_of_name.get(name)
            if fate is None:
                fate = _check_name(name)
            if _is_value(value) is None:
                raise InvalidResponse(
                    f"value of response header {name.decode('latin-1')} is {value!r:.200}; "
                    "it must be bytes without control characters"
                )
            if fate == _ORDINARY:
                parts += (name, b": ", value.strip(b" \t"), b"\r\n")
            elif fate == _LENGTH:
                if content_length >= 0:
                    raise InvalidResponse("a second content-length in the response headers")
                content_length = _check_length(value)
    except InvalidResponse:
        raise
    except (TypeError, ValueError, AttributeError) as error:
        raise InvalidResponse(f"response headers must be (name, value) pairs of bytes: {error}") from None
    if content_length >= 0 and (parts[0][:1] == b"1" or parts[0][:3] == b"204"):
        content_length = -1
    elif content_length >= 0:
        parts.append(b"content-length: %d\r\n" % content_length)
    return Head(code, parts, content_length)  # type: ignore[arg-type]


def header_lines(headers: object) -> bytes:
    """Of trailers, early hints, a WebSocket's accept: less those that the gateway owns. Raises InvalidResponse."""
    return b"".join(response_head(200, header_list(headers)).parts[1:])


def _int_of(status: object) -> object:
    """Of an IntEnum such as HTTPStatus, the number; True and False are none."""
    return int(status) if isinstance(status, int) and not isinstance(status, bool) else status


def _check_status(status: object) -> bytes:
    if not isinstance(status, int) or not 100 <= status <= 999:
        raise InvalidResponse(f"response status is {status!r}; it must be an int from 100 to 999")
    # RFC 9112 section 4: the space after the code stays even if no reason follows.
    return b"%d \r\n" % status


def _check_name(name: object) -> int:
    if not isinstance(name, bytes) or not _is_token(name):
        raise InvalidResponse(f"response header name is {name!r}; it must be bytes and a token (RFC 9110 section 5.1)")
    folded = name.lower()
    fate = _DROPPED if folded in _DROPPED_NAMES else _LENGTH if folded == b"content-length" else _ORDINARY
    if len(_fate_of_name) < _REMEMBERED:
        _fate_of_name[name] = fate
    return fate


def _check_length(value: bytes) -> int:
    stripped = value.strip(b" \t")
    if not _is_length(stripped):
        raise InvalidResponse(f"content-length is {value!r:.200}; it must be a number of bytes")
    return int(stripped)
