"""Writes down where each running request is: what the arbiter puts into the log for one that hangs."""

from __future__ import annotations

import os
import traceback
from typing import Any, Iterable, List

_OWN_FOLDER = os.path.dirname(os.path.dirname(__file__)) + os.sep


def write_stacks(fd: int, exchanges: Iterable[Any]) -> None:
    """A block for each; src/arbiter/request-stack.ts reads them."""
    for exchange in list(exchanges):
        if exchange.task is None:
            continue
        frames = [frame for frame in _frames(exchange.task) if not frame.f_code.co_filename.startswith(_OWN_FOLDER)]
        lines = [line for frame in frames for line in traceback.format_stack(frame, limit=1)]
        block = f"\nTicket {exchange.id} (most recent call last):\n{''.join(lines)}\n"
        try:
            os.write(fd, block.encode("utf-8", "backslashreplace"))
        except OSError:
            return


def _frames(task: Any) -> List[Any]:
    """Task.get_stack() ends at the first coroutine; what that one waits for is where the request really is."""
    frames = []
    waiting: Any = task.get_coro()
    while waiting is not None:
        for attribute in ("cr_frame", "gi_frame", "ag_frame"):
            frame = getattr(waiting, attribute, None)
            if frame is not None:
                frames.append(frame)
        waiting = getattr(waiting, "cr_await", None) or getattr(waiting, "gi_yieldfrom", None)
    return frames
