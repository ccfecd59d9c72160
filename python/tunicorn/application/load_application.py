"""Finds the application that a worker runs, from `MODULE[:CALLABLE]` by Gunicorn's rules. At boot, AppImportError ends
the worker with exit code 4, any other exception (from the application's own code) with 3.
"""

from __future__ import annotations

import importlib
import os
import traceback
from keyword import iskeyword
from types import ModuleType
from typing import TYPE_CHECKING, Any, Callable

from tunicorn.application.missing_module import name_interpreter

if TYPE_CHECKING:
    import ast

DEFAULT_CALLABLE = "application"
_FACTORIES = ("create_app", "make_app", "create_application", "make_application")
_USUAL_NAMES = ("app", "api", "wsgi_app", "asgi_app", "wsgi", "asgi", *_FACTORIES)


class AppImportError(Exception):
    """The module exists, but the application is not in it. The text is for the user, without a traceback."""


class StartFailed(Exception):
    """The application itself reports why it cannot start; a traceback of Tunicorn's would add nothing."""


def load(uri: str) -> Callable[..., Any]:
    """`module`, `module:name`, `module:dotted.name` or `module:factory("literal", arguments=1)`."""
    module_name, colon, expression = uri.partition(":")
    if not colon:
        expression = DEFAULT_CALLABLE
    name, arguments = _parse(expression)
    module = _import(module_name, expression)
    application = _find(module, name, module_name)
    if arguments is not None:
        application = _call(application, arguments)
    if application is None:
        raise AppImportError(f"Failed to find application object: {expression!r}")
    if not callable(application):
        raise AppImportError("Application object must be callable.")
    return application  # type: ignore[no-any-return]


def _import(module_name: str, expression: str) -> ModuleType:
    try:
        return importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        # The name of the file was given. A failed import inside the module is a different error.
        if module_name.endswith(".py") and os.path.exists(module_name) and error.name == module_name:
            raise ImportError(
                f"Failed to find application, did you mean '{module_name[: -len('.py')]}:{expression}'?"
            ) from None
        name_interpreter(error)
        raise
    except Exception as error:
        name_interpreter(error)
        raise


def _parse(expression: str) -> tuple[str, tuple[list[Any], dict[str, Any]] | None]:
    """The dotted name, and the arguments if it is to be called."""
    if expression.isascii() and expression.isidentifier() and not iskeyword(expression):
        return expression, None
    import ast

    failure = f"Failed to parse {expression!r} as an attribute name or function call."
    try:
        node = ast.parse(expression, mode="eval").body
    except (SyntaxError, ValueError):
        raise AppImportError(failure) from None
    if not isinstance(node, ast.Call):
        name = _dotted_name(node)
        if name is None:
            raise AppImportError(failure)
        return name, None
    name = _dotted_name(node.func)
    if name is None:
        raise AppImportError(f"Function reference must be a simple name: {expression!r}")
    try:
        positional = [ast.literal_eval(argument) for argument in node.args]
        named = {}
        for keyword in node.keywords:
            if keyword.arg is None:
                raise ValueError("**mapping")
            named[keyword.arg] = ast.literal_eval(keyword.value)
    except ValueError:
        raise AppImportError(f"Failed to parse arguments as literal values: {expression!r}") from None
    return name, (positional, named)


def _dotted_name(node: ast.expr) -> str | None:
    import ast

    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        owner = _dotted_name(node.value)
        return None if owner is None else f"{owner}.{node.attr}"
    return None


def _find(module: ModuleType, name: str, module_name: str) -> Any:
    found: Any = module
    for part in name.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            text = f"Failed to find attribute {name!r} in {module_name!r}."
            raise AppImportError(text + _suggestion(module, name, module_name)) from None
    return found


def _suggestion(module: ModuleType, name: str, module_name: str) -> str:
    """What may be meant: a similar name in the module, or a usual name for applications."""
    callables = [each for each, value in list(vars(module).items()) if not each.startswith("_") and callable(value)]
    usual = [each for each in _USUAL_NAMES if each in callables and name == DEFAULT_CALLABLE]
    import difflib

    near = difflib.get_close_matches(name, callables, 1, 0.8)
    if not near and not usual:
        return ""
    meant = near[0] if near else usual[0]
    call = "()" if meant in _FACTORIES else ""
    return f" Did you mean '{module_name}:{meant}{call}'?"


def _call(factory: Any, arguments: tuple[list[Any], dict[str, Any]]) -> Any:
    positional, named = arguments
    try:
        return factory(*positional, **named)
    except TypeError as error:
        # No frame below this one: the arguments did not fit; the factory itself did not raise.
        if error.__traceback__ is not None and error.__traceback__.tb_next is None:
            raise AppImportError("".join(traceback.format_exception_only(TypeError, error)).strip()) from None
        raise
