"""The interface of the stream `wsgi.errors`."""

from __future__ import annotations

from typing import Protocol


class BufferedErrors(Protocol):
    """PEP 3333 lets an application write a part of a line to it."""

    unflushed: bool

    def flush(self) -> None: ...
