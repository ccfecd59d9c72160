"""Evaluates the config file, which is Python, and turns its names into JSON for the arbiter.

The namespace stays in this process, because its hooks are called here. The arbiter's settings table checks the values.
"""

from __future__ import annotations

import importlib
import importlib.machinery
import importlib.util
import math
import os
import sys
import traceback
from types import ModuleType, TracebackType
from typing import Any, Dict, FrozenSet, NamedTuple, Optional

from tunicorn.application.missing_module import name_interpreter

DEFAULT_NAME = "gunicorn.conf.py"


class ConfigFile(NamedTuple):
    """The result of evaluate(). `path` is None if there is no config file."""

    path: Optional[str]
    namespace: Dict[str, Any]
    values: Dict[str, Any]


class ConfigFileError(Exception):
    """The config file is missing or failed. `traceback_text` begins at its own frames, or is empty."""

    def __init__(self, message: str, traceback_text: str = "") -> None:
        super().__init__(message)
        self.traceback_text = traceback_text


def default_config_file() -> Optional[str]:
    """./gunicorn.conf.py, if it exists."""
    path = os.path.join(os.getcwd(), DEFAULT_NAME)
    return path if os.path.exists(path) else None


def evaluate(config: Optional[str], cwd: str) -> ConfigFile:
    """`config` is the value of `-c`: PATH, file:PATH or python:MODULE.

    Without it, ./gunicorn.conf.py is used if it exists.
    """
    if not config:
        path = os.path.join(cwd, DEFAULT_NAME)
        if not os.path.exists(path):
            return ConfigFile(None, {}, {})
        namespace = _execute(path)
    elif config.startswith("python:"):
        path = config
        namespace = _import(config)
    else:
        given = config[len("file:") :] if config.startswith("file:") else config
        path = os.path.join(cwd, given)
        if not os.path.exists(path):
            raise ConfigFileError(f"{given!r} doesn't exist")
        namespace = _execute(path)
    return ConfigFile(path, namespace, jsonable_names(namespace))


def _execute(path: str) -> Dict[str, Any]:
    extension = os.path.splitext(path)[1]
    if extension not in (".py", ".pyc"):
        banner = "!!!\n!!! WARNING: configuration file should have a valid Python extension.\n!!!\n"
        print(banner, end="", file=sys.stderr, flush=True)
    try:
        if extension == ".pyc":
            loader: importlib.machinery.SourcelessFileLoader | _UncachedLoader
            loader = importlib.machinery.SourcelessFileLoader("__config__", path)
        else:
            loader = _UncachedLoader("__config__", path)
        spec = importlib.util.spec_from_file_location("__config__", path, loader=loader)
        if spec is None:
            raise ImportError(f"cannot load {path!r}")
        module = importlib.util.module_from_spec(spec)
        sys.modules["__config__"] = module
        loader.exec_module(module)
    except Exception as error:
        raise _failed(path, error) from error
    return vars(module)


class _UncachedLoader(importlib.machinery.SourceFileLoader):
    """Compiles the file each time: Python trusts a cached form if size and second of the last change are the same, and
    could so miss an edit between two reloads."""

    def get_code(self, fullname: str) -> Any:
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)


def _import(config: str) -> Dict[str, Any]:
    try:
        return vars(importlib.import_module(config[len("python:") :]))
    except Exception as error:
        raise _failed(config, error) from error


def _failed(name: str, error: Exception) -> ConfigFileError:
    name_interpreter(error)
    frames = _user_frames(error.__traceback__)
    lines = traceback.format_exception(type(error), error, frames)
    return ConfigFileError(f"Failed to read config file: {name}", "".join(lines))


def _user_frames(frames: Optional[TracebackType]) -> Optional[TracebackType]:
    """Drops the frames before the config file's first one: those of this file and of the import system."""
    while frames is not None and _is_machinery(frames.tb_frame.f_code.co_filename):
        frames = frames.tb_next
    return frames


def _is_machinery(filename: str) -> bool:
    return filename in (__file__, importlib.__file__) or filename.startswith("<frozen importlib")


def jsonable_names(namespace: Dict[str, Any]) -> Dict[str, Any]:
    # A copy: a repr() below may run code of the config file, and change the namespace.
    return {
        name: _jsonable(value, frozenset())
        for name, value in list(namespace.items())
        if not name.startswith("__") and not isinstance(value, ModuleType)
    }


def _jsonable(value: Any, around: FrozenSet[int]) -> Any:
    """Leaves JSON's types unchanged, and describes all other values.

    `around` holds the ids of the enclosing containers.
    """
    if value is None or isinstance(value, bool):
        return value
    # Subclasses, such as members of an enum, stand for their plain value.
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return int.__int__(value)
    if isinstance(value, float):
        return float.__float__(value) if math.isfinite(value) else _described(value)
    if isinstance(value, (list, tuple, set, frozenset, dict)):
        if id(value) in around or len(around) > 50:
            return _described(value)
        return _jsonable_container(value, around | {id(value)})
    if callable(value):
        return _callable(value)
    return _described(value)


def _jsonable_container(value: Any, around: FrozenSet[int]) -> Any:
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            return _described(value)
        return {str.__str__(key): _jsonable(item, around) for key, item in value.items()}
    # A set has no order; sorted, it gives the same list at each reload.
    items = sorted(value, key=_repr) if isinstance(value, (set, frozenset)) else value
    return [_jsonable(item, around) for item in items]


def _callable(value: Any) -> Dict[str, Any]:
    """The description of a function or class for src/settings/kinds/python-callable.ts."""
    import inspect

    named = value if inspect.isroutine(value) or inspect.isclass(value) else type(value)
    module = getattr(named, "__module__", None)
    name = str(getattr(named, "__qualname__", None) or _repr(named))
    return {
        "$callable": f"{module}.{name}" if isinstance(module, str) else name,
        "name": name,
        "takes": _positional_arguments(value),
    }


def _positional_arguments(value: Any) -> Optional[Dict[str, Optional[int]]]:
    """How many positional arguments `value` takes; None if that cannot be determined."""
    import inspect

    try:
        parameters = inspect.signature(value).parameters.values()
    except Exception:
        # Some built-in functions have no signature, and signature() may run the value's own code.
        return None
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    is_open = any(p.kind == p.VAR_POSITIONAL for p in parameters)
    least = sum(p.default is p.empty for p in positional)
    return {"least": least, "most": None if is_open else len(positional)}


def _described(value: Any) -> Dict[str, str]:
    return {"$repr": _repr(value)}


def _repr(value: Any) -> str:
    try:
        return repr(value)
    except Exception:
        # The value's own code failed; that must not reject a config file that never shows the value.
        return f"<{type(value).__name__} object>"
