"""The stacks of the tasks of running requests."""

from __future__ import annotations

from typing import Any, Iterable, List

from tunicorn.runqueue.ticket_stacks import write_block, write_ticket_stacks


def write_stacks(fd: int, exchanges: Iterable[Any]) -> None:
    # The running task has the stack of its thread: its coroutines do not show the functions that they called.
    running = [each for each in list(exchanges) if each.task is not None and not _runs_now(each.task)]
    write_ticket_stacks(fd, ((exchange.id, _frames(exchange.task)) for exchange in running))


def _runs_now(task: Any) -> bool:
    return bool(getattr(task.get_coro(), "cr_running", False))


def write_start_up(fd: int, task: Any) -> None:
    write_block(fd, "Start-up of the lifespan", _frames(task))


def _frames(task: Any) -> List[Any]:
    """Task.get_stack() ends at the first coroutine; the request is really in what that one awaits."""
    frames = []
    waiting: Any = task.get_coro()
    while waiting is not None:
        for attribute in ("cr_frame", "gi_frame", "ag_frame"):
            frame = getattr(waiting, attribute, None)
            if frame is not None:
                frames.append(frame)
        waiting = getattr(waiting, "cr_await", None) or getattr(waiting, "gi_yieldfrom", None)
    return frames
