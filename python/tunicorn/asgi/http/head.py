"""Checks the status and the headers that an ASGI application sends and turns them into the head of a HEAD frame. Pure.
The counterpart of wsgi/response_head.py; here everything is bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any, Dict, List, Tuple, Union

_is_token = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+").fullmatch
_is_value = re.compile(rb"[ \t\x21-\x7e\x80-\xff]*").fullmatch
_is_length = re.compile(rb"[0-9]{1,15}").fullmatch

# Set by the gateway, or hop-by-hop (RFC 9110 section 7.6.1).
_DROPPED_NAMES = frozenset(
    (
        *(b"keep-alive", b"proxy-connection", b"te", b"transfer-encoding", b"upgrade"),
        *(b"server", b"date"),
    )
)
# Cached by header pair: its line, b"" if it is dropped, the number of a content-length, or _CLOSES.
_line_of_pair: Dict[Tuple[bytes, bytes], Union[bytes, int]] = {}
_CLOSES = -1
_REMEMBERED = 1000
_REMEMBERED_BYTES = 200
# The status, the head, the content-length or -1, and whether to close the connection.
Head = Tuple[int, bytes, int, bool]
# By the status and the headers.
_known_heads: Dict[Tuple[Any, ...], Head] = {}
_REMEMBERED_HEADS = 256
_REMEMBERED_HEAD_BYTES = 1024
_start_of_status: Dict[int, bytes] = {
    status.value: f"{status.value} {status.phrase}\r\n".encode("latin-1") for status in HTTPStatus
}


class InvalidResponse(ValueError):
    """The application broke the ASGI specification or RFC 9110. It is the application's fault, never the client's."""


def header_list(headers: object) -> List[Tuple[bytes, bytes]]:
    """Raises InvalidResponse."""
    if headers.__class__ is list:
        return headers
    if headers is None:
        return []
    if not isinstance(headers, Iterable):
        raise InvalidResponse(f"response headers are {headers!r:.200}; they must be (name, value) pairs of bytes")
    return list(headers)


def response_head(status: object, headers: List[Tuple[bytes, bytes]]) -> Head:
    """Returns the status; the head, to which one more header may be appended; the content-length, or -1 if the
    application does not say; and whether it asks to close the connection. Raises InvalidResponse, which names what is
    wrong.
    """
    try:
        known = _known_heads.get((status, *headers)) if status.__class__ is int else None
    except TypeError:
        known = None  # Something has no hash.
    return known or _new_head(status, headers)


def _new_head(status: object, headers: List[Tuple[bytes, bytes]]) -> Head:
    code: Any = status if status.__class__ is int else _int_of(status)
    start = _start_of_status.get(code) or _check_status(code)
    lines, content_length, closes, is_repeated = _lines(headers)
    if code == 204:
        content_length = -1
    elif code == 205:
        # RFC 9110 section 15.3.6: a 205 has no content, and says so.
        content_length = 0
    if content_length >= 0:
        lines.append(b"content-length: %d\r\n" % content_length)
    head = start + b"".join(lines)
    made = code, head, content_length, closes
    # A header that is new, such as the cookie of one client, would only displace others.
    if is_repeated and len(head) <= _REMEMBERED_HEAD_BYTES:
        if len(_known_heads) >= _REMEMBERED_HEADS:
            _known_heads.clear()
        _known_heads[(code, *headers)] = made
    return made


def header_lines(headers: object) -> bytes:
    """The lines of trailers, early hints, or a WebSocket's accept, without those that the gateway sets. Raises
    InvalidResponse."""
    # RFC 9110 sections 6.5.1 and 8.6: a content-length is only for responses.
    return b"".join(_lines(header_list(headers))[0])


def _lines(headers: List[Tuple[bytes, bytes]]) -> Tuple[List[bytes], int, bool, bool]:
    """The lines, without that of content-length; its value, or -1; whether the connection is to be closed; and whether
    each of the headers is remembered.
    """
    lines: List[bytes] = []
    content_length = -1
    closes = False
    is_repeated = True
    try:
        for pair in headers:
            line: Any = _line_of_pair.get(pair) if pair.__class__ is tuple else None
            if line is None:
                is_repeated = False
                line = _check_pair(pair)
            if line.__class__ is bytes:
                lines.append(line)
            elif line == _CLOSES:
                closes = True
            elif content_length >= 0:
                raise InvalidResponse("a second content-length in the response headers")
            else:
                content_length = line
    except InvalidResponse:
        raise
    except (TypeError, ValueError, AttributeError) as error:
        raise InvalidResponse(f"response headers must be (name, value) pairs of bytes: {error}") from None
    return lines, content_length, closes, is_repeated


def _int_of(status: object) -> object:
    """The number of an IntEnum such as HTTPStatus; True and False are not numbers."""
    return int(status) if isinstance(status, int) and not isinstance(status, bool) else status


def _check_status(status: object) -> bytes:
    if not isinstance(status, int) or not 100 <= status <= 999:
        raise InvalidResponse(f"response status is {status!r}; it must be an int from 100 to 999")
    # RFC 9112 section 4: the space after the code is required even if no reason follows.
    return b"%d \r\n" % status


def _check_pair(pair: Tuple[bytes, bytes]) -> Union[bytes, int]:
    name, value = pair
    if not isinstance(name, bytes) or not _is_token(name):
        raise InvalidResponse(f"response header name is {name!r}; it must be bytes and a token (RFC 9110 section 5.1)")
    if not _is_value(value):
        raise InvalidResponse(
            f"value of response header {name.decode('latin-1')} is {value!r:.200}; "
            "it must be bytes without control characters"
        )
    folded = name.lower()
    line: Union[bytes, int]
    if folded in _DROPPED_NAMES:
        line = b""
    elif folded == b"content-length":
        line = _check_length(value)
    elif folded == b"connection":
        line = _CLOSES if any(option.strip(b" \t").lower() == b"close" for option in value.split(b",")) else b""
    else:
        line = b"%s: %s\r\n" % (name, value.strip(b" \t"))
    if pair.__class__ is tuple and len(name) + len(value) < _REMEMBERED_BYTES:
        if len(_line_of_pair) >= _REMEMBERED:
            _line_of_pair.clear()
        _line_of_pair[pair] = line
    return line


def _check_length(value: bytes) -> int:
    stripped = value.strip(b" \t")
    if not _is_length(stripped):
        raise InvalidResponse(f"content-length is {value!r:.200}; it must be a number of bytes")
    return int(stripped)
