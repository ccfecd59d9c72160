"""The error log, as the WSGI side sees it. The worker gives its own; tests give a list."""

from __future__ import annotations

from typing import Protocol


class ErrorLog(Protocol):
    def debug(self, message: str) -> None: ...

    def info(self, message: str) -> None: ...

    def warning(self, message: str) -> None: ...

    def error(self, message: str) -> None: ...

    def exception(self, message: str) -> None:
        """The message, and the traceback of the exception that is being handled."""
