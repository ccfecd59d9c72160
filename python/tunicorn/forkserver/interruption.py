"""What the arbiter can break off in a forkserver: the import of an application that nobody waits for any more."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from types import FrameType
from typing import Iterator, Optional


class Interrupted(BaseException):
    """Raised wherever the code is that is broken off."""


@contextmanager
def interruptible() -> Iterator[None]:
    """Within it, SIGINT raises Interrupted."""

    def interrupt(signum: int, frame: Optional[FrameType]) -> None:
        raise Interrupted

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
