"""The stream wsgi.errors: what an application writes to it goes to the error log."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class ErrorOutput(Protocol):
    """What wsgi.errors writes to."""

    def fileno(self) -> int: ...

    def write_errors(self, text: bytes) -> None: ...


class WsgiErrors(io.TextIOWrapper):
    """The stream `wsgi.errors` (PEP 3333): text to the error log, without time and level, line by line.

    In the JSON form each flush, which is a line and may be several, is the message of an entry.

    The part of a line that has no end yet is kept until it has one or flush() is called, so print(), which writes text
    and line end one after the other, makes whole lines even where many workers share the log. `unflushed` says whether
    something was written since the last flush(), so that a request that wrote nothing need not flush.
    """

    def __init__(self, log: ErrorOutput) -> None:
        self.unflushed = False
        buffer = io.BufferedWriter(_RawErrors(log))
        super().__init__(buffer, encoding="utf-8", errors="backslashreplace", newline="", line_buffering=True)

    def write(self, text: str) -> int:
        self.unflushed = True
        return super().write(text)

    def flush(self) -> None:
        self.unflushed = False
        super().flush()

    def close(self) -> None:
        """An application must not close it (PEP 3333); one that does would take it from all later requests."""
        self.flush()


class _RawErrors(io.RawIOBase):
    def __init__(self, log: ErrorOutput) -> None:
        self._log = log

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._log.fileno()

    def write(self, data: ReadableBuffer) -> int:
        entry = bytes(data)
        self._log.write_errors(entry)
        return len(entry)
