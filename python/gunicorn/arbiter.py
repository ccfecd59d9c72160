"""The class of the `server` that hooks get, and `Arbiter(app).run()` for programs that start the server."""

from __future__ import annotations

from typing import Any, NoReturn

from gunicorn import _missing
from gunicorn.errors import HaltServer
from gunicorn.util import warn
from tunicorn.embedding.initial_process import ARBITER_VERSION
from tunicorn.generated_facts import APP_LOAD_ERROR, WORKER_BOOT_ERROR
from tunicorn.hook_objects.server_object import Server

__all__ = ["Arbiter", "HaltServer"]


class _ArbiterType(type):
    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, Server) or type.__instancecheck__(cls, instance)


class Arbiter(metaclass=_ArbiterType):
    """Hooks do not get an instance, but the forkserver's model of the arbiter, which is a Node.js process."""

    # Exit statuses of a worker that cannot boot.
    WORKER_BOOT_ERROR = WORKER_BOOT_ERROR
    APP_LOAD_ERROR = APP_LOAD_ERROR

    def __init__(self, app: Any) -> None:
        self.app = app
        self.cfg = app.cfg

    def run(self) -> NoReturn:
        from tunicorn.embedding.serve import serve

        _say_what_is_not_called(type(self))

        serve(self.app)


def _say_what_is_not_called(kind: type) -> None:
    overridden = sorted(
        name
        for base in kind.__mro__[: kind.__mro__.index(Arbiter)]
        for name, value in vars(base).items()
        if callable(value) and not name.startswith("__") and name != "run"
    )
    if overridden and ARBITER_VERSION is None:
        names = ", ".join(dict.fromkeys(overridden))
        warn(f"Tunicorn's arbiter is a separate program and calls no methods of {kind.__name__}: {names}")


__getattr__ = _missing.getattr_of(__name__)
