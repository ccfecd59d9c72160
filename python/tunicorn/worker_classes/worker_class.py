"""The worker classes: maps the value of `worker_class` to the module that serves requests.

Such a module has a function `serve(context: WorkerContext) -> None`. It is called in the worker's process once the
application is loaded and everything is set up. It must

- call `context.ready()` when it can take tickets;
- open a slot (`context.slots.open(number)`) for each concurrent request, at most `len(context.slots)`;
- take tickets from a TicketSource (ticket_source.py) and pass each to the runner of a free slot (`wsgi_runner`);
- stop when `context.life.state.takes_tickets` is false, finish the tickets that it has taken, and return.

The signal to leave calls `context.signals.wake`. A class that does not wait in TicketSource.wait sets it.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any, Optional

from tunicorn.generated_facts import WORKER_CLASSES

# Library; the module and function that report what is patched, and its argument; how applications patch.
_PATCHERS = (
    ("gevent", "gevent.monkey", "is_module_patched", "_thread", "gevent.monkey.patch_all()"),
    ("eventlet", "eventlet.patcher", "is_monkey_patched", "thread", "eventlet.monkey_patch()"),
)


def patch(name: str) -> None:
    """Calls the class's `patch()`, if it has one, which changes the standard library. To be called in the process that
    imports the application, before it does.
    """
    patch_library = getattr(module_of(name), "patch", None)
    if patch_library is not None:
        patch_library()


def after_fork() -> None:
    """The first step in a worker: reinitialises an event loop that the configuration file or a preloaded application
    has started in the forkserver.
    """
    if "gevent" in sys.modules:
        from gevent import reinit

        reinit()
    if "eventlet.hubs" in sys.modules:
        from eventlet.hubs import use_hub

        use_hub()


def missing(name: str) -> Optional[str]:
    """Calls the class's `missing()`, if it has one: an error text if a package that the class needs is not installed.
    """
    find = getattr(module_of(name), "missing", None)
    package = None if find is None else find()
    if package is None:
        return None
    return f"worker_class {name} needs {package}, which is not installed for {sys.executable}: pip install {package}"


def check(name: str, app: Any) -> None:
    """Raises AppImportError for an application that the class cannot run."""
    from tunicorn.asgi.application_kind import as_asgi3, refuse_asgi, refuse_tornado

    _refuse_patched_threads(name)
    if name != "tornado":
        refuse_tornado(app, name)
    if name == "asgi":
        as_asgi3(app)
    else:
        refuse_asgi(app, name)


def _refuse_patched_threads(name: str) -> None:
    """The threads of a gthread worker would be green, and one that waits for a ticket would block the others."""
    if name != "gthread":
        return
    from tunicorn.application.load_application import AppImportError

    for library, module, test, threads, call in _PATCHERS:
        patcher = sys.modules.get(module)
        if patcher is not None and getattr(patcher, test)(threads):
            raise AppImportError(
                f"it calls {call}, which replaces the threads that worker_class gthread runs requests in: "
                f"use worker_class {library}, or leave that call out"
            )


def module_of(name: str) -> ModuleType:
    if name not in WORKER_CLASSES:
        raise ValueError(f"there is no worker class {name!r}; the classes are {', '.join(WORKER_CLASSES)}")
    return importlib.import_module(f"tunicorn.worker_classes.{name}_worker")


def runs_wsgi(name: str) -> bool:
    """Whether the class calls the application by PEP 3333; otherwise it runs an event loop."""
    return WORKER_CLASSES[name].dialect == "wsgi"


def runs_threads(name: str) -> bool:
    """The value of the environ's `wsgi.multithread`."""
    return runs_wsgi(name) and WORKER_CLASSES[name].concurrency != "one"
