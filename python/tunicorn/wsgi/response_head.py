"""Checks the arguments of `start_response` and turns them into the head of a HEAD frame, and those of
`wsgi.early_hints` into the lines of a HINTS frame. Pure. Valid names, status lines, headers and whole
heads are cached.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, NamedTuple, Union

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
_REMEMBERED_CHARACTERS = 200
_REMEMBERED_HEADS = 256
_REMEMBERED_HEAD_BYTES = 1024
_BLANK = " \t"
_CLOSES = -1
# What becomes of a header: its line, empty if it is dropped; the number and the line of a Content-Length; or _CLOSES.
_Made = Union[str, int, "tuple[int, str]"]

_made_of_pair: dict[tuple[str, str], _Made] = {}
_fate_of_name: dict[str, int] = {}
_start_of_status: dict[str, tuple[int, str]] = {}
# By the arguments of start_response.
_known_heads: dict[tuple[Any, ...], ResponseHead] = {}


class InvalidResponse(ValueError):
    """The application broke PEP 3333 or RFC 9110. It is the application's fault, never the client's."""


class ResponseHead(NamedTuple):
    status: int
    head: bytes
    """One more header may be appended."""
    content_length: int
    """-1 if the application did not say."""
    closes: bool
    """The application asks to close the connection."""


def response_head(status: str, headers: Iterable[tuple[str, str]]) -> ResponseHead:
    """Raises InvalidResponse, which describes the mistake."""
    if headers.__class__ is not list:
        return _new_head(status, headers)
    key = (status, *headers)
    try:
        known = _known_heads.get(key)
    except TypeError:
        return _new_head(status, headers)
    if known is None:
        known = _new_head(status, headers)
        if len(known.head) <= _REMEMBERED_HEAD_BYTES:
            if len(_known_heads) >= _REMEMBERED_HEADS:
                _known_heads.clear()
            _known_heads[key] = known
    return known


def _new_head(status: str, headers: Iterable[tuple[str, str]]) -> ResponseHead:
    start = _start_of_status.get(status) if type(status) is str else None
    code, line = start or _check_status(status)
    parts = [line]
    content_length = -1
    closes = False
    pair: Any = None
    try:
        for pair in headers:
            made: Any = _made_of_pair.get(pair) if pair.__class__ is tuple else None
            if made is None:
                made = _make(pair)
            if made.__class__ is str:
                parts.append(made)
            elif made is _CLOSES:
                closes = True
            else:
                if content_length >= 0:
                    raise InvalidResponse("a second Content-Length in the response headers")
                content_length, line = made
                if code != 204 and code != 205:
                    parts.append(line)
    except InvalidResponse:
        raise
    except (TypeError, ValueError) as error:
        if pair.__class__ is tuple and len(pair) == 2 and type(pair[0]) is str:
            # The value has no hash, hence is no str. This names the header.
            _make(pair)
        raise InvalidResponse(f"response headers must be a list of (name, value) pairs of str: {error}") from None
    if code == 204:
        content_length = -1
    elif code == 205:
        # RFC 9110 section 15.3.6: a 205 has no content, and says so.
        content_length = 0
        parts.append("Content-Length: 0\r\n")
    return ResponseHead(code, "".join(parts).encode("latin-1"), content_length, closes)


def _make(pair: Any) -> _Made:
    """Checks a header, and remembers what becomes of it."""
    name, value = pair
    fate = _fate_of_name.get(name)
    if fate is None:
        fate = _check_name(name)
    _check_value(name, value)
    made: _Made = ""
    if fate == _ORDINARY:
        made = f"{name}: {value.strip(_BLANK)}\r\n"
    elif fate == _LENGTH:
        number = _check_length(value)
        made = number, f"{name}: {number}\r\n"
    elif fate == _CONNECTION and asks_to_close(value):
        made = _CLOSES
    if pair.__class__ is tuple and type(name) is type(value) is str and len(value) <= _REMEMBERED_CHARACTERS:
        if len(_made_of_pair) >= _REMEMBERED:
            # Full of values that came once: begin again, rather than keep no others.
            _made_of_pair.clear()
        _made_of_pair[pair] = made
    return made


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
