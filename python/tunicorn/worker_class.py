"""The worker classes: which module serves the requests of a worker, by the value of `worker_class`.

Such a module has a function `serve(duty: Duty) -> None`. It is called in the worker's process when the application is
loaded and everything is set up. It has to

- take tickets from `duty.tickets_fd` and hand them to `duty.runner()`, or a runner of its own;
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
}


def module_of(name: str) -> ModuleType:
    return importlib.import_module(MODULES.get(name, MODULES["sync"]))


def class_of(name: str) -> Any:
    """For `cfg.worker_class` and `server.worker_class`: the class whose instances hooks get."""
    from tunicorn.worker_object import Worker

    return Worker
