"""Gunicorn's server hooks: their names and numbers of arguments, and how a value of the config file becomes a hook.
"""

from __future__ import annotations

import importlib
from typing import Any, Callable, Dict, Mapping

from tunicorn.log.tracebacks import user_traceback

Hook = Callable[..., Any]

ARITIES: Mapping[str, int] = {
    "on_starting": 1,
    "on_reload": 1,
    "when_ready": 1,
    "pre_fork": 2,
    "post_fork": 2,
    "post_worker_init": 1,
    "worker_int": 1,
    "worker_abort": 1,
    "pre_exec": 1,
    "pre_request": 2,
    "post_request": 4,
    "child_exit": 2,
    "worker_exit": 2,
    "nworkers_changed": 3,
    "on_exit": 1,
    "ssl_context": 2,
    "on_dirty_starting": 1,
    "dirty_post_fork": 2,
    "dirty_worker_init": 1,
    "dirty_worker_exit": 2,
}


def hook_of(name: str, value: object) -> Hook:
    """The callable that `value` is, or that it names by a dotted name. Raises TypeError with Gunicorn's text."""
    found = _import(value) if isinstance(value, str) else value
    if not callable(found):
        raise TypeError(f"Value is not callable: {found}")
    wanted = ARITIES[name]
    # post_request may omit trailing arguments.
    for arity in range(wanted, 1 if name == "post_request" else wanted - 1, -1):
        if _takes(found, arity):
            return found if arity == wanted else _with_fewer_arguments(found, arity)
    raise TypeError(f"Value must have an arity of: {wanted}")


def default_hook(name: str) -> Hook:
    """The hook if none is set. It does nothing, except for the two that have a body in Gunicorn."""
    return _DEFAULTS.get(name) or _NOTHING[ARITIES[name]]


def _import(dotted: str) -> object:
    module_name, dot, name = dotted.rpartition(".")
    if not dot:
        raise TypeError(f"Value '{dotted}' is not import string. Format: module[.submodules...].object")
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        raise TypeError(str(error)) from error
    except Exception as error:
        raise TypeError(f"Importing '{module_name}' has failed\n\n{user_traceback(error)}") from error
    except SystemExit as error:
        raise TypeError(f"Importing '{module_name}' called sys.exit({error.code!r})") from error
    try:
        return getattr(module, name)
    except AttributeError:
        raise TypeError(f"Can not load '{name}' from '{module_name}'") from None


def _takes(function: Hook, arguments: int) -> bool:
    try:
        import inspect

        inspect.signature(function).bind(*range(arguments))
    except TypeError:
        return False
    except ValueError:
        pass  # Written in C, without a signature: errors show at the call.
    return True


def _with_fewer_arguments(function: Hook, arity: int) -> Hook:
    def post_request(worker: Any, req: Any, environ: Any, resp: Any) -> Any:
        return function(*(worker, req, environ, resp)[:arity])

    return post_request


def _log_request(worker: Any, req: Any) -> None:
    worker.log.debug("%s %s", req.method, req.path)


def _make_ssl_context(config: Any, default_ssl_context_factory: Callable[[], Any]) -> Any:
    return default_ssl_context_factory()


_DEFAULTS: Dict[str, Hook] = {"pre_request": _log_request, "ssl_context": _make_ssl_context}
_NOTHING: Dict[int, Hook] = {
    1: lambda a: None,
    2: lambda a, b: None,
    3: lambda a, b, c: None,
    4: lambda a, b, c, d: None,
}
