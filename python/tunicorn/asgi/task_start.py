"""Starts the task of a request without a turn of the loop in between: most requests are over after their first step."""

from __future__ import annotations

import asyncio
import sys
from typing import Any, Callable, Coroutine, Optional

Start = Callable[[Coroutine[Any, Any, None]], "asyncio.Task[None]"]
_Task = asyncio.Task


def task_start(loop: asyncio.AbstractEventLoop) -> Start:
    """Returns a function that creates a task and runs its first step. Call it in a callback of the loop, not in a task.
    A task factory that the application has set decides about the first step itself.
    """
    if sys.version_info >= (3, 12):
        return _eager(loop)
    return _FirstStep(loop).start


if sys.version_info >= (3, 12):

    def _eager(loop: asyncio.AbstractEventLoop) -> Start:
        get_task_factory = loop.get_task_factory

        def start(coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
            if get_task_factory() is not None:
                return loop.create_task(coroutine)
            return _Task(coroutine, loop=loop, eager_start=True)

        return start


class _FirstStep:
    """Before Python 3.12 a new task gives its first step to `call_soon` of its loop. It is taken from there, and run as
    the loop would run it.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop: Any = loop
        self._get_task_factory = loop.get_task_factory
        self._call_soon = loop.call_soon
        self._step: Optional[Callable[[], None]] = None
        self._context: Any = None
        # Bound once.
        self._take = self._take_step

    def start(self, coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        loop = self._loop
        if self._get_task_factory() is not None:
            return loop.create_task(coroutine)  # type: ignore[no-any-return]
        loop.call_soon = self._take
        try:
            task = _Task(coroutine, loop=loop)
        finally:
            del loop.call_soon
        step, self._step = self._step, None
        if step is not None:
            self._context.run(step)
        return task

    def _take_step(self, callback: Callable[..., None], *args: Any, context: Any = None) -> Any:
        if args or context is None or self._step is not None:
            # A signal handler of the application, just now.
            return self._call_soon(callback, *args, context=context)
        self._step = callback
        self._context = context
        return None
