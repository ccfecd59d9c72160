"""The lifespan protocol of ASGI: start-up before the first request, shutdown after the last."""

from __future__ import annotations

import asyncio
from typing import Any, Callable, Dict, Optional

from tunicorn.application.load_application import StartFailed
from tunicorn.log.catalog import say, say_exception, workers

Message = Dict[str, Any]


class LifespanFailed(StartFailed):
    """The application reported that its start-up failed."""


class Lifespan:
    """`mode` is the setting asgi_lifespan: with `auto`, an application that raises before it answers has no lifespan.
    """

    def __init__(self, app: Callable[..., Any], mode: str, state: Dict[str, Any], log: Any) -> None:
        self._app = app
        self._mode = mode
        self._state = state
        self._log = log
        self.task: Optional[asyncio.Task[None]] = None
        self._events: asyncio.Queue[Message] = asyncio.Queue()
        self._started = asyncio.Event()
        self._stopped = asyncio.Event()
        self._failure: Optional[BaseException] = None
        # `silent` until the application answers; then `up`, `stopping`, `stopped`; or `failed`; or `none`: no lifespan.
        self._phase = "silent"

    async def startup(self) -> None:
        """Raises what the application raised, or LifespanFailed with its message."""
        if self._mode == "off":
            self._phase = "none"
            return
        self._events.put_nowait({"type": "lifespan.startup"})
        self.task = asyncio.get_running_loop().create_task(self._run())
        await self._started.wait()
        if self._phase == "failed" and self._failure is not None:
            raise self._failure

    async def shutdown(self, limit_seconds: float) -> None:
        if self._phase != "up":
            return
        self._phase = "stopping"
        self._events.put_nowait({"type": "lifespan.shutdown"})
        try:
            await asyncio.wait_for(self._stopped.wait(), limit_seconds)
        except asyncio.TimeoutError:
            say(self._log, workers.SHUTDOWN_LATE, seconds=f"{limit_seconds:.1f}")

    async def _run(self) -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": self._state}
        try:
            await self._app(scope, self._events.get, self._send)
        except asyncio.CancelledError:
            raise
        except (SystemExit, KeyboardInterrupt) as error:
            # A signal to the worker, or the application's own sys.exit(): startup() raises it to the boot.
            if self._phase != "silent":
                raise
            self._phase = "failed"
            self._failure = error
        except BaseException as error:
            self._raised(error)
        finally:
            if self._phase == "silent":
                # It returned without an answer, like an application that does not support lifespan.
                self._phase = "none"
            self._started.set()
            self._stopped.set()

    def _raised(self, error: BaseException) -> None:
        if self._phase == "silent" and self._mode == "auto":
            self._phase = "none"
            say(self._log, workers.NO_LIFESPAN, error=f"{type(error).__name__}: {error}")
        elif self._phase == "silent":
            say(self._log, workers.LIFESPAN_WANTED)
            self._phase = "failed"
            self._failure = error
        elif self._phase != "failed":
            say_exception(self._log, workers.LIFESPAN_RAISED)

    async def _send(self, message: Message) -> None:
        kind = message["type"]
        phase = self._phase
        text = str(message.get("message") or "")
        if kind == "lifespan.startup.complete" and phase == "silent":
            self._phase = "up"
            self._started.set()
        elif kind == "lifespan.startup.failed" and phase == "silent":
            self._phase = "failed"
            self._failure = LifespanFailed(text or "the application says that it cannot start")
            self._started.set()
        elif kind == "lifespan.shutdown.complete" and phase == "stopping":
            self._phase = "stopped"
            self._stopped.set()
        elif kind == "lifespan.shutdown.failed" and phase == "stopping":
            self._phase = "stopped"
            say(self._log, workers.SHUTDOWN_FAILED, reason=text)
            self._stopped.set()
        else:
            raise RuntimeError(f"Unexpected ASGI message '{kind}' in the lifespan (phase {phase})")
