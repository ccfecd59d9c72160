"""The worker classes: which module serves the requests of a worker, by the value of `worker_class`.

Such a module has a function `serve(duty: Duty) -> None`. It is called in the worker's process when the application is
loaded and everything is set up. It has to

- call `duty.ready()` when it can take tickets;
- open places (`duty.places.open(number)`), as many as it runs requests at once, at most `len(duty.places)`;
- take tickets from `duty.tickets_fd` and hand each to the runner of a free place (`duty.runner(place)`);
- stop taking them when `duty.life.leaving` turns true, and finish what it has taken;
- return at end-of-file of the pipe, having reported `drained`;
- set `duty.worker.alive = False` when the worker has run `max_requests` of them: that asks for a successor.

Before it waits it may set `duty.life.waiting`: then the signal to leave raises Leave out of the wait.
"""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any, Dict

MODULES: Dict[str, str] = {
    "sync": "tunicorn.sync_worker",
    "gthread": "tunicorn.gthread_worker",
    "asgi": "tunicorn.asgi_worker",
}

_THREADED = {"gthread"}
# Tornado's applications are a kind of their own, and it finds out itself.
_ASGI = {"asgi", "tornado"}


def patch(name: str) -> None:
    """Called before the application is imported, in the process that imports it: a class may have a function `patch()`
    that changes the standard library for it.
    """
    patch_library = getattr(module_of(name), "patch", None)
    if patch_library is not None:
        patch_library()


def check(name: str, app: Any) -> None:
    """Raises AppImportError for an application that the class cannot run."""
    if name not in _ASGI:
        from tunicorn.asgi.application import refuse_asgi

        refuse_asgi(app, name)


def module_of(name: str) -> ModuleType:
    return importlib.import_module(MODULES.get(name, MODULES["sync"]))


def runs_threads(name: str) -> bool:
    """The environ's `wsgi.multithread`."""
    return name in _THREADED


def class_of(name: str) -> Any:
    """For `cfg.worker_class` and `server.worker_class`: the class whose instances hooks get."""
    from tunicorn.worker_object import Worker

    return Worker
