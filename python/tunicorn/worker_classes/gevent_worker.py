"""A worker of class gevent."""

from __future__ import annotations

import os
from importlib.util import find_spec
from typing import Any, Callable, Optional

from tunicorn.worker_context.worker_context import WorkerContext


def missing() -> Optional[str]:
    """Names what must be installed before this class can run."""
    return None if find_spec("gevent") else "gevent"


def patch() -> None:
    from gevent import monkey

    if not monkey.is_module_patched("socket"):
        monkey.patch_all()


def serve(context: WorkerContext) -> None:
    from tunicorn.worker_classes.green_worker import GreenWorker

    GreenWorker(context, _library()).serve()


def _library() -> Any:
    import gevent
    from gevent.hub import get_hub
    from gevent.socket import wait_read, wait_write

    from tunicorn.channels.green_channel import GreenChannel

    hub = get_hub()
    # gevent's fork() installs its SIGCHLD handler only after the fork, and would miss a child that has ended by then.
    os.register_at_fork(before=hub.loop.install_sigchld)

    class GeventChannel(GreenChannel):
        __slots__ = ()
        wait_readable = staticmethod(wait_read)
        wait_writable = staticmethod(wait_write)

    class Gevent:
        channel = GeventChannel
        spawn = staticmethod(gevent.spawn)

        def throw(self, thread: Any, error: BaseException) -> None:
            thread.kill(error, block=False)

        def watch(self, fd: int, callback: Callable[[], None]) -> Callable[[], None]:
            watcher = hub.loop.io(fd, 1)
            watcher.start(callback)

            def stop() -> None:
                watcher.stop()
                watcher.close()

            return stop

        def wait_readable(self, fd: int, seconds: float) -> None:
            with gevent.Timeout(seconds, False):
                wait_read(fd)

        def is_hub(self, thread: Any) -> bool:
            return thread is hub

    return Gevent()
