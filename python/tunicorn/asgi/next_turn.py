"""Makes now, in a callback of the loop, a call that asyncio leaves to the loop's next turn.

A task leaves its first step to `call_soon` of its loop, and a future the steps of the tasks that wait for it. In a
callback of the loop they need not wait for anything, and the turn costs a system call.
"""

from __future__ import annotations

import asyncio
from typing import Any, Callable, Coroutine, Optional


class NextTurn:
    """`start` and `wake` may be called only in a callback of the loop, never in a task."""

    __slots__ = ("_call", "_call_soon", "_context", "_loop", "_take", "_values")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop: Any = loop
        self._call_soon = loop.call_soon
        self._call: Optional[Callable[..., None]] = None
        self._values: Any = ()
        self._context: Any = None
        # Bound once.
        self._take = self._take_call

    def start(self, coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Creates a task and runs its first step."""
        loop = self._loop
        # It hides the method of the class.
        loop.call_soon = self._take
        try:
            task = asyncio.Task(coroutine, loop=loop)
        finally:
            del loop.call_soon
        call, values, context = self._call, self._values, self._context
        if call is not None:
            # No reference to the request may stay here.
            self._call, self._values, self._context = None, (), None
            context.run(call, *values)
        return task

    def wake(self, future: asyncio.Future[None]) -> None:
        """Completes the future and runs the task that waits for it."""
        if future.done():
            return
        loop = self._loop
        loop.call_soon = self._take
        try:
            future.set_result(None)
        finally:
            del loop.call_soon
        call, values, context = self._call, self._values, self._context
        if call is not None:
            self._call, self._values, self._context = None, (), None
            context.run(call, *values)

    def _take_call(self, callback: Callable[..., None], *values: Any, context: Any = None) -> Any:
        if context is None or self._call is not None:
            # A second callback, or a signal handler of the application.
            return self._call_soon(callback, *values, context=context)
        self._call = callback
        self._values = values
        self._context = context
        return None
