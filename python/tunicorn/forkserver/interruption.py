"""Lets the arbiter interrupt a forkserver that imports an application which is no longer wanted."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from types import FrameType
from typing import Iterator, Optional


class Interrupted(BaseException):
    """Raised at whatever point the interrupted code has reached."""


@contextmanager
def interruptible() -> Iterator[None]:
    """Inside the context, SIGINT raises Interrupted."""

    def interrupt(signum: int, frame: Optional[FrameType]) -> None:
        raise Interrupted

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
