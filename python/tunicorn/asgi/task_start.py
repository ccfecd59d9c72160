"""Starts the task of a request without a turn of the loop in between: most requests are over after their first step."""

from __future__ import annotations

import asyncio
import sys
from functools import partial
from typing import Any, Callable, Coroutine

from tunicorn.asgi.next_turn import NextTurn

Start = Callable[[Coroutine[Any, Any, None]], "asyncio.Task[None]"]


def task_start(loop: asyncio.AbstractEventLoop) -> Start:
    """Returns a function that creates a task and runs its first step. Call it in a callback of the loop, not in a task.
    A task factory that the application has set decides about the first step itself.
    """
    create: Start
    if sys.version_info >= (3, 12):
        create = partial(asyncio.Task, loop=loop, eager_start=True)
    else:
        create = NextTurn(loop).start
    get_task_factory = loop.get_task_factory

    def start(coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        return create(coroutine) if get_task_factory() is None else loop.create_task(coroutine)

    return start
