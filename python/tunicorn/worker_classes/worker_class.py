"""The worker classes: which module serves the requests of a worker, by the value of `worker_class`.

Such a module has a function `serve(context: WorkerContext) -> None`. It is called in the worker's process when the
application is loaded and everything is set up. It has to

- call `context.ready()` when it can take tickets;
- open slots (`context.slots.open(number)`), as many as it runs requests at once, at most `len(context.slots)`;
- take tickets by a TicketSource (ticket_source.py) and hand each to the runner of a free slot (`wsgi_runner`);
- stop when `context.life.state.takes_tickets` is false, finish what it has taken, and return.

The signal to leave calls `context.signals.wake`, which a class sets that waits in another way than TicketSource.wait.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any, Optional

from tunicorn.generated_facts import WORKER_CLASSES

# Library; module, function of it that says what is patched, and its argument; how applications do that.
_PATCHERS = (
    ("gevent", "gevent.monkey", "is_module_patched", "_thread", "gevent.monkey.patch_all()"),
    ("eventlet", "eventlet.patcher", "is_monkey_patched", "thread", "eventlet.monkey_patch()"),
)


def patch(name: str) -> None:
    """Called before the application is imported, in the process that imports it: a class may have a function `patch()`
    that changes the standard library for it.
    """
    patch_library = getattr(module_of(name), "patch", None)
    if patch_library is not None:
        patch_library()


def after_fork() -> None:
    """In a worker, before anything else: an event loop that the forkserver had, because of its configuration file or of
    the application that it has preloaded, is made this process's own.
    """
    if "gevent" in sys.modules:
        from gevent import reinit

        reinit()
    if "eventlet.hubs" in sys.modules:
        from eventlet.hubs import use_hub

        use_hub()


def missing(name: str) -> Optional[str]:
    """What to tell when a package that the class needs is not installed: a class may have a function `missing()` that
    names it.
    """
    find = getattr(module_of(name), "missing", None)
    package = None if find is None else find()
    if package is None:
        return None
    return f"worker_class {name} needs {package}, which is not installed for {sys.executable}: pip install {package}"


def check(name: str, app: Any) -> None:
    """Raises AppImportError for an application that the class cannot run."""
    from tunicorn.asgi.application import as_asgi3, refuse_asgi, refuse_tornado

    _refuse_patched_threads(name)
    if name != "tornado":
        refuse_tornado(app, name)
    if name == "asgi":
        as_asgi3(app)
    else:
        refuse_asgi(app, name)


def _refuse_patched_threads(name: str) -> None:
    """The threads of a gthread worker would be green ones, and one that waits for a ticket would block the others."""
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
    """Whether the class calls the application as PEP 3333 has it; else it is an event loop's."""
    return WORKER_CLASSES[name].dialect == "wsgi"


def runs_threads(name: str) -> bool:
    """The environ's `wsgi.multithread`."""
    return runs_wsgi(name) and WORKER_CLASSES[name].concurrency != "one"
