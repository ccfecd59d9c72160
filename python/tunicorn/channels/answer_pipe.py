"""The answer pipe of a gateway, as a worker writes to it: a whole answer in one write, which the kernel keeps in one
piece. RUNQUEUE.md, "Answer pipe".
"""

from __future__ import annotations

import os
import signal
from _signal import getsignal  # type: ignore[import-not-found, unused-ignore]
from struct import Struct
from typing import Callable, Dict, List, Optional

from tunicorn.generated_facts import ANSWERS_FILE
from tunicorn.process import forked_copy, unpatched

# PIPE_BUF, less the worker's pid before the frame.
LONGEST_FRAME_BYTES = 4096 - 4
pack_pid = Struct("<I").pack

_SIGPIPE = signal.SIGPIPE
_IGNORED = signal.SIG_IGN


class AnswerPipe:
    """Not for several threads: one of them may close it while another writes."""

    __slots__ = ("_fd", "_write", "is_lost")
    _write: Callable[[int, bytes], int]

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._write = unpatched.write
        self.is_lost = False

    def fileno(self) -> int:
        return self._fd

    def send(self, answer: bytes) -> bool:
        """Returns False if it must go over the channel. Raises BrokenPipeError if the gateway has ended."""
        # Python ignores the signal, but an application may have restored its default, which ends the process.
        if getsignal(_SIGPIPE) != _IGNORED:
            return False
        try:
            self._write(self._fd, answer)
        except BlockingIOError:
            # The gateway is busy, and the pipe is full.
            return False
        except BrokenPipeError:
            self.close()
            raise
        return True

    def become_copy(self) -> None:
        self._write = forked_copy.end_copy

    def close(self) -> None:
        if not self.is_lost:
            self.is_lost = True
            self._write = _broken
            os.close(self._fd)
            self._fd = -1


class AnswerPipes:
    """The pipes to the living gateways, for the channels that one thread uses."""

    def __init__(self, runtime_dir: str) -> None:
        self._runtime_dir = runtime_dir
        self._pipes: Dict[int, AnswerPipe] = {}
        forked_copy.keep_writing_end(self._descriptors)
        forked_copy.in_copy(self._become_copy)

    def make(self, gateway: int) -> None:
        """Makes the file, which the gateway opens before it writes its first ticket, or at a worker's HELLO."""
        try:
            os.mkfifo(self._path(gateway), 0o600)
        except OSError:
            pass  # Another worker was quicker. In any other case the channels carry all answers.

    def open(self, gateway: int) -> Optional[AnswerPipe]:
        """None if the gateway has not opened it yet, or has ended."""
        known = self._pipes.get(gateway)
        if known is not None and not known.is_lost:
            return known
        try:
            fd = os.open(self._path(gateway), os.O_WRONLY | os.O_NONBLOCK)
        except FileNotFoundError:
            self.make(gateway)
            return None
        except OSError:
            return None  # ENXIO: no process reads it.
        pipe = self._pipes[gateway] = AnswerPipe(fd)
        return pipe

    def close(self, gateway: int) -> None:
        pipe = self._pipes.pop(gateway, None)
        if pipe is not None:
            pipe.close()

    def _path(self, gateway: int) -> str:
        return os.path.join(self._runtime_dir, ANSWERS_FILE.format(gateway))

    def _descriptors(self) -> List[int]:
        return [pipe.fileno() for pipe in self._pipes.values()]

    def _become_copy(self) -> None:
        for pipe in self._pipes.values():
            pipe.become_copy()


def _broken(fd: int, answer: bytes) -> int:
    raise BrokenPipeError
