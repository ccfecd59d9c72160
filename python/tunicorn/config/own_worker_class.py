"""The user's own worker class: its bases, and which of its overrides have an effect.

From `described` the arbiter chooses how requests are run; hooks get instances of `worker_type`.
"""

from __future__ import annotations

import importlib
import os
import sys
from typing import TYPE_CHECKING, Any, List, Mapping, Optional

from tunicorn.config import uvicorn_kwargs
from tunicorn.hook_objects.worker_object import Worker

if TYPE_CHECKING:
    from tunicorn.link.messages import CommandLineClass, OwnWorkerClass

# Methods that subclasses of Gunicorn's workers may override, and that Tunicorn does not call.
_IDLE = {
    *("accept", "enqueue_req", "finish_request", "handle", "handle_error", "handle_request", "handle_nothing"),
    *("handle_abort", "handle_chld", "handle_exit", "handle_quit", "handle_usr1", "handle_winch"),
    *("init_signals", "install_signal_handlers", "is_parent_alive", "load_wsgi", "notify", "patch", "run"),
    *("run_for_multiple", "run_for_one", "serve", "setup", "timeout_ctx", "wait", "_serve", "_install_sigquit_handler"),
}


def described(asked: CommandLineClass, values: Mapping[str, Any]) -> Optional[OwnWorkerClass]:
    """None for a name that Tunicorn knows, or that is not an import path. Otherwise the dotted names of the class's
    bases and the settings that it makes, or why it cannot be imported. `asked` has the values of the command line,
    `values` those of all other sources.
    """
    given = asked["given"] or values.get("worker_class")
    if isinstance(given, str):
        name = _plain(given)
        if name.lower() in asked["known"] or "." not in name:
            return None
        _find_modules(asked["chdir"] or values.get("chdir"), asked["pythonpath"] or values.get("pythonpath"))
        try:
            given = _imported(name)
        except Exception as error:
            return {"bases": [], "settings": {}, "error": f"{type(error).__name__}: {error}"}
    if not isinstance(given, type):
        return None
    bases = [f"{base.__module__}.{base.__qualname__}" for base in given.__mro__[:-1]]
    return {"bases": bases, "settings": uvicorn_kwargs.settings_of(_kwargs(given)), "error": None}


def worker_type(value: Any) -> type:
    """The class for a value of worker_class. Classes derived from uvicorn's would set up uvicorn if instantiated."""
    own = own_class(value)
    return own if own is not None and issubclass(own, Worker) and not _is_uvicorns(own) else Worker


def own_class(value: Any) -> Optional[type]:
    if isinstance(value, str):
        module = _plain(value).rpartition(".")[0]
        if not module or _is_servers(module):
            return None
        value = _imported(_plain(value))
    return value if isinstance(value, type) and not _is_servers(value.__module__) else None


def idle_overrides(own: type) -> List[str]:
    """Names of the overrides that have no effect."""
    names: List[str] = []
    for base in own.__mro__:
        if _is_servers(base.__module__) or base is object:
            break
        names += [name for name in vars(base) if name in _IDLE and name not in names]
        if _is_uvicorns(own):
            names += [name for name in ("__init__", "init_process") if name in vars(base) and name not in names]
    names += [f"CONFIG_KWARGS[{key!r}]" for key in uvicorn_kwargs.idle_of(_kwargs(own))]
    return names


def _kwargs(own: type) -> Mapping[str, Any]:
    kwargs = getattr(own, "CONFIG_KWARGS", None) if _is_uvicorns(own) else None
    return kwargs if isinstance(kwargs, dict) else {}


def _is_uvicorns(own: type) -> bool:
    return any(base.__module__.partition(".")[0] in ("uvicorn", "uvicorn_worker") for base in own.__mro__)


def _is_servers(module: str) -> bool:
    return module.partition(".")[0] in ("gunicorn", "tunicorn", "uvicorn", "uvicorn_worker")


def _plain(name: str) -> str:
    return name.strip()


def _imported(name: str) -> Any:
    module, _, attribute = name.rpartition(".")
    return getattr(importlib.import_module(module), attribute)


def _find_modules(chdir: Any, pythonpath: Any) -> None:
    """Extends sys.path as for the application."""
    folders = str(pythonpath).split(",") if pythonpath else []
    for folder in [os.path.abspath(chdir) if isinstance(chdir, str) and chdir else os.getcwd(), *folders]:
        if folder and folder not in sys.path:
            sys.path.insert(0, folder)
