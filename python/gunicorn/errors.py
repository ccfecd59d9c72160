"""Gunicorn's exceptions."""

from __future__ import annotations

from gunicorn import _missing
from tunicorn.application.load_application import AppImportError

__all__ = ["AppImportError", "ConfigError", "HaltServer"]


class HaltServer(BaseException):
    """Ends the server with this exit status."""

    def __init__(self, reason: str, exit_status: int = 1) -> None:
        super().__init__(reason, exit_status)
        self.reason = reason
        self.exit_status = exit_status

    def __str__(self) -> str:
        return f"<HaltServer {self.reason!r} {self.exit_status}>"


class ConfigError(Exception):
    """The settings are wrong."""


__getattr__ = _missing.getattr_of(__name__)
