"""`wsgi.input`: the whole body, in memory or in the file that the gateway has spooled it to.

PEP 3333 does not name the arguments, but Gunicorn's input takes them by name, and applications rely on that.
"""

from __future__ import annotations

from io import BufferedReader, BytesIO, FileIO, UnsupportedOperation
from typing import List, Optional, Union


class MemoryBody(BytesIO):
    __slots__ = ()

    def read(self, size: Optional[int] = -1) -> bytes:
        return super().read(size)

    def readline(self, size: Optional[int] = -1) -> bytes:
        return super().readline(size)

    def readlines(self, hint: Optional[int] = None, *, size: Optional[int] = None) -> List[bytes]:
        """The argument is called `hint` in Python and `size` in Gunicorn."""
        return super().readlines(hint if size is None else size)


class EmptyBody(MemoryBody):
    """Serves every request without a body: it has nothing that one could take from another."""

    __slots__ = ()

    def write(self, data: object) -> int:
        raise UnsupportedOperation("write")

    def writelines(self, lines: object) -> None:
        raise UnsupportedOperation("write")

    def close(self) -> None:
        """Does nothing: later requests have it, too."""


EMPTY_BODY = EmptyBody()


class FileBody(BufferedReader):
    __slots__ = ()

    def __init__(self, path: str) -> None:
        super().__init__(FileIO(path))

    def read(self, size: Optional[int] = -1) -> bytes:
        return super().read(size)

    def readline(self, size: Optional[int] = -1) -> bytes:
        return super().readline(-1 if size is None else size)

    def readlines(self, hint: Optional[int] = None, *, size: Optional[int] = None) -> List[bytes]:
        wanted = hint if size is None else size
        return super().readlines(-1 if wanted is None else wanted)


RequestBody = Union[MemoryBody, FileBody]
