"""The claims board, mapped by a worker: the counterpart of src/runqueue/claims-board.ts; RUNQUEUE.md draws the bytes.
"""

from __future__ import annotations

import mmap
import os
import sys

from tunicorn.runqueue.claim_slot import SLOT_BYTES, ClaimSlot

MAGIC = b"TNBORD01"
HEADER_BYTES = 64
CANCEL_ENTRY_BYTES = 8
_WORD_BYTES = 8


class BoardError(Exception):
    """The file is not a claims board, or has no such slot."""


class ClaimsBoard:
    """The mapped file."""

    def __init__(self, path: str, words: memoryview, workers: int) -> None:
        self._path = path
        self._words = words
        self._workers = workers

    @classmethod
    def open(cls, path: str) -> ClaimsBoard:
        # Words are stored in the machine's byte order; the board is little-endian, as are all supported machines.
        if sys.byteorder != "little":
            raise BoardError(f"{path}: the claims board needs a little-endian machine")
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        try:
            size = os.fstat(descriptor).st_size
            if size < HEADER_BYTES:
                raise BoardError(f"{path}: {size} bytes; a claims board has at least {HEADER_BYTES}")
            mapping = mmap.mmap(descriptor, size)
        finally:
            os.close(descriptor)
        if mapping[:8] != MAGIC:
            raise BoardError(f"{path}: begins with {mapping[:8]!r}; a claims board begins with {MAGIC!r}")
        words = memoryview(mapping).cast("Q")
        workers, cancels = words[1], words[2]
        wanted = HEADER_BYTES + SLOT_BYTES * workers + CANCEL_ENTRY_BYTES * cancels
        if size != wanted:
            raise BoardError(f"{path}: {size} bytes; {workers} slots and {cancels} cancel entries take {wanted}")
        return cls(path, words, workers)

    def clear(self, first: int, count: int) -> None:
        """A worker takes over these slots. Call it once any last claims in them have been read."""
        start = (HEADER_BYTES + SLOT_BYTES * first) // _WORD_BYTES
        size = SLOT_BYTES * count
        self._words[start : start + size // _WORD_BYTES] = memoryview(bytes(size)).cast("Q")

    def slot(self, number: int, kind: type[ClaimSlot] = ClaimSlot) -> ClaimSlot:
        if not 0 <= number < self._workers:
            raise BoardError(f"{self._path}: there is no slot {number}; the board has {self._workers}")
        first = (HEADER_BYTES + SLOT_BYTES * number) // _WORD_BYTES
        cancels = (HEADER_BYTES + SLOT_BYTES * self._workers) // _WORD_BYTES
        return kind(self._words[first : first + SLOT_BYTES // _WORD_BYTES], self._words[cancels:])
