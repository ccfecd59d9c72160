"""The end of an event-loop worker that takes no more tickets: finishes its requests, then shuts down the lifespan.
"""

from __future__ import annotations

import asyncio
from typing import Any, Set

from tunicorn.asgi.lifespan import Lifespan
from tunicorn.asgi.places import FreePlaces

_LOOK_SECONDS = 0.02
# This long before the arbiter kills the worker, the remaining tasks are cancelled, so that they can clean up.
_LAST_SECONDS = 1.0
_CANCELLED_SECONDS = 0.5
_MARGIN_SECONDS = 0.1


async def finish(
    loop: asyncio.AbstractEventLoop,
    limit_seconds: float,
    *,
    tasks: Set[asyncio.Task[None]],
    places: FreePlaces,
    lifespan: Lifespan,
) -> None:
    """The arbiter enforces graceful_timeout; its clock started no later than this call."""
    ends_at = loop.time() + limit_seconds
    cancels_at = ends_at - min(_LAST_SECONDS, limit_seconds / 8)
    while (tasks or places.busy) and loop.time() < cancels_at:
        await asyncio.sleep(_LOOK_SECONDS)
    await _cancel(tasks)
    await lifespan.shutdown(max(0.0, ends_at - loop.time() - _MARGIN_SECONDS))
    # Remaining tasks and generators of the application, as at the end of asyncio.run().
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
