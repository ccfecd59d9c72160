"""The `unreader` of the `req` that hooks get. Gunicorn reads the client's socket through it; here the gateway has that
socket, and what there is to read is the rest of the request's body.
"""

from __future__ import annotations

from typing import Any, Dict, NoReturn, Optional

from tunicorn.wsgi.request_body import MemoryBody


class Unreader:
    def __init__(self, environ: Dict[str, Any]) -> None:
        self._environ = environ

    @property
    def sock(self) -> NoReturn:
        # An AttributeError, so that getattr() with a default and hasattr() work.
        raise AttributeError("req.unreader has no sock: the gateway has the client's socket; see req.remote_addr")

    @property
    def buf(self) -> MemoryBody:
        """Nothing is read ahead of what wsgi.input gives."""
        return MemoryBody()

    def read(self, size: Optional[int] = None, read_ahead: Optional[int] = None) -> bytes:
        """So many bytes of the body, or all that is left of it."""
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
        """These bytes come first when the body is read on, here or by the application."""
        self._environ["wsgi.input"] = MemoryBody(data + self.read())
