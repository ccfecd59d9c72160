"""The `unreader` of the `req` that hooks get. Gunicorn reads the client's socket through it. Here the gateway has the
socket, so this reads the rest of the request's body.
"""

from __future__ import annotations

from typing import Any, Dict, NoReturn, Optional

from tunicorn.wsgi.request_body import MemoryBody


class Unreader:
    def __init__(self, environ: Dict[str, Any]) -> None:
        self._environ = environ

    @property
    def sock(self) -> NoReturn:
        # An AttributeError, so that hasattr() and getattr() with a default work.
        raise AttributeError("req.unreader has no sock: the gateway has the client's socket; see req.remote_addr")

    @property
    def buf(self) -> MemoryBody:
        """Always empty: nothing is read ahead of wsgi.input."""
        return MemoryBody()

    def read(self, size: Optional[int] = None, read_ahead: Optional[int] = None) -> bytes:
        """Returns `size` bytes of the body, or the rest of it."""
        if size is not None and not isinstance(size, int):
            raise TypeError("size parameter must be an int or long.")
        body = self._environ["wsgi.input"]
        data: bytes = b"" if body is None else body.read(-1 if size is None else size)
        return data

    def chunk(self, size_hint: Optional[int] = None) -> bytes:
        return self.read(size_hint or 8192)

    def take_buffered(self) -> bytes:
        return b""

    def unread(self, data: bytes) -> None:
        """Puts the bytes back in front of the rest of the body, for this object and for the application."""
        self._environ["wsgi.input"] = MemoryBody(data + self.read())
