"""The end of an event-loop worker: what it has taken is finished, then the lifespan is shut down. Called by
asgi_worker.py when the worker takes no more tickets.
"""

from __future__ import annotations

import asyncio
from typing import Any, Set

from tunicorn.asgi.lifespan import Lifespan
from tunicorn.asgi.places import FreePlaces

_LOOK_SECONDS = 0.02
# Before the arbiter kills the worker: what is left is cancelled, so that it can clean up.
_LAST_SECONDS = 1.0
_CANCELLED_SECONDS = 0.5
_MARGIN_SECONDS = 0.1


async def finish(
    loop: asyncio.AbstractEventLoop,
    limit_seconds: float,
    tasks: Set[asyncio.Task[None]],
    places: FreePlaces,
    lifespan: Lifespan,
) -> None:
    """graceful_timeout is the arbiter's to keep; it began to count no later than this."""
    ends_at = loop.time() + limit_seconds
    cancels_at = ends_at - min(_LAST_SECONDS, limit_seconds / 8)
    while (tasks or places.busy) and loop.time() < cancels_at:
        await asyncio.sleep(_LOOK_SECONDS)
    await _cancel(tasks)
    await lifespan.shutdown(max(0.0, ends_at - loop.time() - _MARGIN_SECONDS))
    # Tasks that the application has left running, and its generators: as at the end of asyncio.run().
    await _cancel(asyncio.all_tasks(loop) - {asyncio.current_task(loop)})
    await _within(_CANCELLED_SECONDS, loop.shutdown_asyncgens())


async def _cancel(tasks: Set[Any]) -> None:
    left = {task for task in tasks if not task.done()}
    for task in left:
        task.cancel()
    if left:
        await asyncio.wait(left, timeout=_CANCELLED_SECONDS)


async def _within(seconds: float, work: Any) -> None:
    try:
        await asyncio.wait_for(work, seconds)
    except asyncio.TimeoutError:
        pass
