"""Keeps a fork from copying a log's file in the middle of another thread's write. Registered when a Logger is made.

`logging` gives the child fresh locks for its handlers; but the buffer of a file has a lock too, and if a thread held
that one at the fork, the child would wait for it for ever.
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
        # Before logging's own `before`, since the last that is registered is the first that is called. In the child,
        # logging makes the locks anew.
        os.register_at_fork(before=_hold, after_in_parent=_release, after_in_child=_held.clear)


def _hold() -> None:
    # Whoever holds its handler's lock is in no write. A thread that is stuck in one must not hold up the fork for ever.
    for logger in (logging.getLogger("gunicorn.error"), logging.getLogger("gunicorn.access"), logging.root):
        for handler in logger.handlers:
            if handler.lock is not None and handler.lock.acquire(timeout=WAIT_SECONDS):
                _held.append(handler.lock)


def _release() -> None:
    while _held:
        _held.pop().release()
