"""`wsgi.file_wrapper`: a file as an iterable of blocks.

Applications make one; the response iterates over it, or has the kernel send the file where that comes to the same.
"""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Iterator
from typing import Any, NamedTuple

# A regular file has its bytes at once, so a larger block than the application asked for costs no waiting, and fewer
# frames. Anything else (a pipe, a decompressor on a socket) keeps the application's block size.
REGULAR_FILE_BLOCK_BYTES = 256 * 1024


class PlainFile(NamedTuple):
    """A file whose bytes on the disk are what reading it gives."""

    fd: int
    #: Where it stands.
    offset: int


class FileWrapper:
    """Reads with `filelike.read`, so it starts where the file stands, whatever buffers or decoders lie between."""

    def __init__(self, filelike: Any, blksize: int = 8192) -> None:
        self.filelike = filelike
        self.blksize = blksize
        # PEP 3333: `close` exists only if the wrapped object has it.
        if hasattr(filelike, "close"):
            self.close = filelike.close

    def __iter__(self) -> Iterator[bytes]:
        read = self.filelike.read
        size = self.blksize
        if size < REGULAR_FILE_BLOCK_BYTES and _is_regular_file(self.filelike):
            size = REGULAR_FILE_BLOCK_BYTES
        while True:
            block = read(size)
            if not block:
                return
            yield block

    def plain_file(self) -> PlainFile | None:
        """None when the bytes come by reading only."""
        filelike = self.filelike
        # These classes and no others: what is made of them may decode, count or change what it reads.
        raw = filelike.raw if filelike.__class__ is io.BufferedReader else filelike
        if raw.__class__ is not io.FileIO or not _is_regular_file(raw):
            return None
        return PlainFile(raw.fileno(), filelike.tell())

    def __getitem__(self, index: int) -> bytes:
        # What wsgiref's FileWrapper offers, for code that still iterates by index.
        block: bytes = self.filelike.read(self.blksize)
        if block:
            return block
        raise IndexError(index)


class ReadFileWrapper(FileWrapper):
    """With `sendfile` off: always read."""

    def plain_file(self) -> PlainFile | None:
        return None


def _is_regular_file(filelike: Any) -> bool:
    try:
        return stat.S_ISREG(os.fstat(filelike.fileno()).st_mode)
    except (AttributeError, OSError, TypeError, ValueError):
        # No `fileno`, one that refuses (io.UnsupportedOperation is an OSError), or one that is no descriptor.
        return False
