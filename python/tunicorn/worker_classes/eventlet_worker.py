"""A worker of class eventlet."""

from __future__ import annotations

import warnings
from importlib.util import find_spec
from typing import Any, Callable, Optional

from tunicorn.worker_context.worker_context import WorkerContext


def missing() -> Optional[str]:
    """Names what must be installed before this class can run."""
    return None if find_spec("eventlet") else "eventlet"


def patch() -> None:
    with warnings.catch_warnings():
        # eventlet warns that it is deprecated; users who have chosen this class know.
        warnings.simplefilter("ignore")
        import eventlet
        import eventlet.patcher

    if not eventlet.patcher.is_monkey_patched("socket"):
        eventlet.monkey_patch()


def serve(context: WorkerContext) -> None:
    from tunicorn.worker_classes.green_worker import GreenWorker

    GreenWorker(context, _library()).serve()


def _library() -> Any:
    import eventlet
    from eventlet import hubs
    from greenlet import getcurrent

    from tunicorn.channels.green_channel import GreenChannel

    hub = hubs.get_hub()

    class Elapsed(Exception):
        pass

    def wait_read(fd: int) -> None:
        hubs.trampoline(fd, read=True)

    def wait_write(fd: int) -> None:
        hubs.trampoline(fd, write=True)

    class EventletChannel(GreenChannel):
        __slots__ = ()
        wait_readable = staticmethod(wait_read)
        wait_writable = staticmethod(wait_write)

    class Eventlet:
        channel = EventletChannel
        spawn = staticmethod(eventlet.spawn)

        def throw(self, thread: Any, error: BaseException) -> None:
            # Runs from the hub, so the caller continues.
            hub.schedule_call_global(0, thread.throw, error)

        def watch(self, fd: int, callback: Callable[[], None]) -> Callable[[], None]:
            listener = hub.add(hub.READ, fd, lambda _: callback(), getcurrent().throw, lambda: None)
            return lambda: hub.remove(listener)

        def wait_readable(self, fd: int, seconds: float) -> None:
            try:
                hubs.trampoline(fd, read=True, timeout=seconds, timeout_exc=Elapsed)
            except Elapsed:
                pass

        def is_hub(self, thread: Any) -> bool:
            return thread is hub.greenlet

    return Eventlet()
