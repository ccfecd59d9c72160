"""Those who wait in `receive`: a middleware and the application may do so at once, and each may be cancelled."""

from __future__ import annotations

import asyncio
from typing import List


class Waiters:
    __slots__ = ("_futures", "_loop")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._futures: List[asyncio.Future[None]] = []

    def __len__(self) -> int:
        return len(self._futures)

    async def wait(self) -> None:
        """Until the next `wake`; all who wait are woken, and have to look again."""
        future = self._loop.create_future()
        self._futures.append(future)
        try:
            await future
        finally:
            # One that is polled with a time limit is cancelled again and again.
            if future in self._futures:
                self._futures.remove(future)

    def wake(self) -> None:
        futures, self._futures = self._futures, []
        for future in futures:
            if not future.done():
                future.set_result(None)
