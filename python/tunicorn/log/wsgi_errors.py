"""The stream wsgi.errors, which writes to the error log."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class ErrorOutput(Protocol):
    """The destination of wsgi.errors."""

    def fileno(self) -> int: ...

    def write_errors(self, text: bytes) -> None: ...


class WsgiErrors(io.TextIOWrapper):
    """The stream `wsgi.errors` (PEP 3333): text goes to the error log line by line, without time and level.

    In the JSON form, each flush, of one or more lines, is the message of one entry.

    An unfinished line is kept until it ends or flush() is called. So print(), which writes text and line end
    separately, writes whole lines even if many workers share the log. `unflushed` says whether anything was written
    since the last flush(), so that a request that wrote nothing need not flush.
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
        """Only flushes: an application must not close it (PEP 3333), which would take it from all later requests."""
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
