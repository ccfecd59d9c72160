"""The error log and `wsgi.errors`, as the request runner sees them. The worker gives its own; tests give a list."""

from __future__ import annotations

from typing import Protocol


class ErrorLog(Protocol):
    def debug(self, message: str) -> None: ...

    def info(self, message: str) -> None: ...

    def warning(self, message: str) -> None: ...

    def error(self, message: str) -> None: ...

    def exception(self, message: str) -> None: ...


class BufferedErrors(Protocol):
    """The stream `wsgi.errors`, to which PEP 3333 lets an application write a part of a line."""

    unflushed: bool

    def flush(self) -> None: ...
