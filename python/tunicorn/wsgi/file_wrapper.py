"""`wsgi.file_wrapper`: a file as an iterable of blocks.

The response iterates over it, or lets the kernel send the file where the result is the same.
"""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Iterator
from typing import Any, NamedTuple

# A regular file has its bytes available immediately, so blocks larger than the application asked for cost no waiting,
# and need fewer frames. Anything else (a pipe, a decompressor on a socket) keeps the application's block size.
REGULAR_FILE_BLOCK_BYTES = 256 * 1024


class PlainFile(NamedTuple):
    """A file for which reading gives exactly the bytes on the disk."""

    fd: int
    #: The current position.
    offset: int


class FileWrapper:
    """Reads with `filelike.read`, so it starts at the current position, whatever buffers or decoders are in between."""

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
        """None if the bytes are only available by reading."""
        filelike = self.filelike
        # Exactly these classes: subclasses may decode, count or change what they read.
        raw = filelike.raw if filelike.__class__ is io.BufferedReader else filelike
        if raw.__class__ is not io.FileIO or not _is_regular_file(raw):
            return None
        return PlainFile(raw.fileno(), filelike.tell())

    def __getitem__(self, index: int) -> bytes:
        # As in wsgiref's FileWrapper, for code that iterates by index.
        block: bytes = self.filelike.read(self.blksize)
        if block:
            return block
        raise IndexError(index)


class ReadFileWrapper(FileWrapper):
    """For `sendfile` off: the file is always read."""

    def plain_file(self) -> PlainFile | None:
        return None


def _is_regular_file(filelike: Any) -> bool:
    try:
        return stat.S_ISREG(os.fstat(filelike.fileno()).st_mode)
    except (AttributeError, OSError, TypeError, ValueError):
        # No `fileno`, or it raises (io.UnsupportedOperation is an OSError), or its result is not a descriptor.
        return False
