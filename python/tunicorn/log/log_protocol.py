"""The interface of a log."""

from __future__ import annotations

from typing import Protocol


class Log(Protocol):
    """What the rest of the code needs from a log; ErrorLog and gunicorn.glogging.Logger provide it."""

    def debug(self, message: str, /) -> None: ...

    def info(self, message: str, /) -> None: ...

    def warning(self, message: str, /) -> None: ...

    def error(self, message: str, /) -> None: ...

    def critical(self, message: str, /) -> None: ...

    def exception(self, message: str, /) -> None: ...
