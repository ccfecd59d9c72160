"""Parses the fields of tickets, once for those that come again: a client that asks for the same on a kept connection
sends the same bytes, whose parsing would take longer than the rest of a short request.
"""

from __future__ import annotations

from typing import Dict, Union

from tunicorn.runqueue.ticket import parse_fields

_REMEMBERED = 128
# Longer fields are not remembered.
_LIMIT_BYTES = 1024
# After so many tickets in a row that had not come before, so many are only parsed: most requests are different.
_MISSES = 2 * _REMEMBERED
_PARSED = 16 * _REMEMBERED


class RepeatedFields:
    """Not for several threads at once. The caller must not change the dictionaries."""

    __slots__ = ("_known", "_misses", "_parse_only")

    def __init__(self) -> None:
        self._known: Dict[bytes, Dict[str, str]] = {}
        self._misses = 0
        self._parse_only = 0

    def parse(self, data: Union[bytes, bytearray]) -> Dict[str, str]:
        if self._parse_only:
            self._parse_only -= 1
            return parse_fields(data)
        key = bytes(data)
        fields = self._known.get(key)
        if fields is not None:
            self._misses = 0
            return fields
        fields = parse_fields(data)
        if len(key) <= _LIMIT_BYTES:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[key] = fields
        self._misses += 1
        if self._misses >= _MISSES:
            self._misses = 0
            self._parse_only = _PARSED
            self._known.clear()
        return fields
