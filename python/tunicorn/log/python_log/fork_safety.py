"""Keeps a fork from copying a log's file in the middle of another thread's write.

`logging` gives the child fresh locks for its handlers. But the buffer of a file has a lock, too: if a thread held it at
the fork, the child would wait for it forever.
"""

from __future__ import annotations

import logging
import os
from typing import Any, List

WAIT_SECONDS = 1.0

_state = "new"
_held: List[Any] = []


def register() -> None:
    global _state
    if _state == "new":
        _state = "registered"
        # Runs before logging's own `before`, since the last one registered is called first. In the child, logging
        # creates new locks.
        os.register_at_fork(before=_hold, after_in_parent=_release, after_in_child=_held.clear)


def _hold() -> None:
    # While this thread holds a handler's lock, no other thread writes. One that is stuck in a write must not block the
    # fork forever.
    for logger in (logging.getLogger("gunicorn.error"), logging.getLogger("gunicorn.access"), logging.root):
        for handler in logger.handlers:
            if handler.lock is not None and handler.lock.acquire(timeout=WAIT_SECONDS):
                _held.append(handler.lock)


def _release() -> None:
    while _held:
        _held.pop().release()
