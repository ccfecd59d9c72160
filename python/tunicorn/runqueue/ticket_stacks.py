"""Writes the stack of each running request, which the arbiter logs for a request that hangs. For workers that do not
run requests in threads; faulthandler writes the stacks of threads.
"""

from __future__ import annotations

import traceback
from typing import Any, Iterable, List, Tuple

from tunicorn.own_folder import OWN_FOLDER
from tunicorn.process import unpatched


def write_ticket_stacks(fd: int, running: Iterable[Tuple[int, List[Any]]]) -> None:
    """Writes a block for each ticket, with its frames, outermost first, in the form that the arbiter parses."""
    for ticket_id, frames in running:
        write_block(fd, f"Ticket {ticket_id}", frames)


def write_block(fd: int, title: str, frames: List[Any]) -> None:
    users = [frame for frame in frames if not frame.f_code.co_filename.startswith(OWN_FOLDER)]
    lines = [line for frame in users for line in traceback.format_stack(frame, limit=1)]
    block = f"\n{title} (most recent call last):\n{''.join(lines)}\n"
    try:
        unpatched.write(fd, block.encode("utf-8", "backslashreplace"))
    except OSError:
        pass


def outer_frames(frame: Any) -> List[Any]:
    """The frame and its callers, outermost first."""
    frames = []
    while frame is not None:
        frames.append(frame)
        frame = frame.f_back
    return frames[::-1]
