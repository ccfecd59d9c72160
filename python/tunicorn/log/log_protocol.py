"""The interface of a log."""

from __future__ import annotations

from typing import Protocol


class Log(Protocol):
    """Implemented by ErrorLog and gunicorn.glogging.Logger."""

    def debug(self, message: str, /) -> None: ...

    def info(self, message: str, /) -> None: ...

    def warning(self, message: str, /) -> None: ...

    def error(self, message: str, /) -> None: ...

    def critical(self, message: str, /) -> None: ...

    def exception(self, message: str, /) -> None: ...
