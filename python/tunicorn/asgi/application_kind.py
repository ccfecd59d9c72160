"""Detects the kind of an application: ASGI 3, the older ASGI 2, or WSGI. This happens at boot, so a wrong worker class
fails immediately and not at the first request.
"""

from __future__ import annotations

import functools
import inspect
from typing import Any, Awaitable, Callable, Tuple

from tunicorn.application.load_application import AppImportError
from tunicorn.worker_context.failed_application import FailedApplication

Application = Callable[[Any, Any, Any], Awaitable[None]]

_ANY = 1000


class WrongKind(AppImportError):
    """The text names the worker class that runs the application."""


def as_asgi3(app: Any) -> Application:
    """Returns the application as an ASGI 3 callable, adapting ASGI 2. Raises WrongKind for any other kind."""
    if isinstance(app, FailedApplication):
        return _failed(app)
    least, most = _positional(app)
    if is_asgi(app) or least <= 3 <= most and (least != 2 or most == _ANY):
        return app  # type: ignore[no-any-return]
    if least == 2:
        raise WrongKind(
            "The application takes (environ, start_response): it is a WSGI application. "
            "Worker class asgi runs ASGI applications; sync, gthread and gevent run this one."
        )
    if most == 0:
        raise WrongKind(
            "The application takes no arguments: it seems to be a factory, and MODULE:NAME() calls a factory. "
            "An ASGI application takes (scope, receive, send)."
        )
    if least > 3:
        raise WrongKind(
            f"The application takes {least} arguments. Worker class asgi runs ASGI applications, "
            "which take (scope, receive, send)."
        )
    return _adapted(app) if least <= 1 else app


def is_asgi(app: Any) -> bool:
    """Whether it is certainly an ASGI 3 application."""
    least, most = _positional(app)
    while isinstance(app, functools.partial):
        app = app.func
    return inspect.iscoroutinefunction(_call_of(app)) and least <= 3 <= most


def refuse_asgi(app: Any, worker_class: str) -> None:
    """For the worker classes that run WSGI applications, also among others."""
    if is_asgi(app) or _positional(app)[0] == 3:
        kinds = "applications of Tornado and WSGI" if worker_class == "tornado" else "WSGI applications"
        raise WrongKind(
            "The application takes (scope, receive, send): it is an ASGI application. "
            f"Worker class {worker_class} runs {kinds}; -k asgi runs this one."
        )


def refuse_tornado(app: Any, worker_class: str) -> None:
    """For every class except tornado: Tornado's applications are callable, but only with a request of Tornado's."""
    if callable(getattr(type(app), "start_request", None)):
        kinds = "ASGI" if worker_class == "asgi" else "WSGI"
        raise WrongKind(
            "The application has a method start_request: it is an application of Tornado. "
            f"Worker class {worker_class} runs {kinds} applications; -k tornado runs this one."
        )


def _call_of(app: Any) -> Any:
    """An instance, unlike a function or a class, has the kind of its __call__."""
    return app if inspect.isroutine(app) or inspect.isclass(app) else getattr(app, "__call__", None)  # noqa: B004


def _positional(app: Any) -> Tuple[int, int]:
    """The least and the greatest number of arguments; any number if that cannot be determined."""
    if not isinstance(app, functools.partial):
        app = _call_of(app)
    try:
        parameters = inspect.signature(app).parameters.values()
    except (TypeError, ValueError):
        return 0, _ANY
    if any(parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters):
        return 0, _ANY
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    places = [parameter for parameter in parameters if parameter.kind in kinds]
    return sum(1 for each in places if each.default is each.empty), len(places)


def _failed(app: FailedApplication) -> Application:
    async def asgi3(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            headers = [(b"content-type", b"text/plain; charset=utf-8")]
            await send({"type": "http.response.start", "status": 500, "headers": headers})
            await send({"type": "http.response.body", "body": app.body})
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close"})

    return asgi3


def _adapted(app: Any) -> Application:
    async def asgi3(scope: Any, receive: Any, send: Any) -> None:
        await app(scope)(receive, send)

    return asgi3
