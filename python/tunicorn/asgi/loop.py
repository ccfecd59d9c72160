"""The event loop of a worker: the setting asgi_loop."""

from __future__ import annotations

import asyncio
from typing import Any

from tunicorn.log.catalog import say, workers


def new_event_loop(setting: str, log: Any) -> asyncio.AbstractEventLoop:
    """`auto` takes uvloop if it is installed; `uvloop` without it logs a warning, as in Gunicorn."""
    if setting in ("auto", "uvloop"):
        try:
            import uvloop  # type: ignore[import-not-found, unused-ignore]
        except ImportError:
            if setting == "uvloop":
                say(log, workers.UVLOOP_MISSING)
        else:
            loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
            return loop
    return asyncio.new_event_loop()
