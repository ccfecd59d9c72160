"""The callers waiting in `receive`: a middleware and the application may wait concurrently, and each may be cancelled.
"""

from __future__ import annotations

import asyncio
from typing import List

from tunicorn.asgi.next_turn import NextTurn


class Waiters:
    __slots__ = ("_futures", "_loop")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._futures: List[asyncio.Future[None]] = []

    def __len__(self) -> int:
        return len(self._futures)

    async def wait(self) -> None:
        """Waits until the next `wake`, which wakes all waiters; they must check again."""
        future = self._loop.create_future()
        self._futures.append(future)
        try:
            await future
        finally:
            # Removed, since polling with a time limit cancels again and again.
            if future in self._futures:
                self._futures.remove(future)

    def wake(self) -> None:
        futures, self._futures = self._futures, []
        for future in futures:
            if not future.done():
                future.set_result(None)

    def wake_now(self, next_turn: NextTurn) -> None:
        """Like `wake`, but the waiters go on before it returns. Only for a callback of the loop."""
        futures, self._futures = self._futures, []
        for future in futures:
            next_turn.wake(future)
