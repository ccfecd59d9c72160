"""Writes down where each running request is: what the arbiter puts into the log for one that hangs."""

from __future__ import annotations

import os
import traceback
from typing import Any, Iterable


def write_stacks(fd: int, exchanges: Iterable[Any]) -> None:
    """A block for each; src/arbiter/request-stack.ts reads them."""
    for exchange in list(exchanges):
        task = exchange.task
        if task is None:
            continue
        lines = [f"Ticket {exchange.id} (most recent call last):\n"]
        lines += [line for frame in _frames(task) for line in traceback.format_stack(frame, limit=1)]
        try:
            os.write(fd, ("\n" + "".join(lines) + "\n").encode("utf-8", "backslashreplace"))
        except OSError:
            return


def _frames(task: Any) -> list[Any]:
    """Task.get_stack() ends at the first coroutine; what it waits for is where the request really is."""
    frames = []
    waiting: Any = task.get_coro()
    while waiting is not None:
        frame = getattr(waiting, "cr_frame", None) or getattr(waiting, "gi_frame", None) or getattr(waiting, "ag_frame", None)
        if frame is not None:
            frames.append(frame)
        waiting = getattr(waiting, "cr_await", None) or getattr(waiting, "gi_yieldfrom", None)
    return frames
