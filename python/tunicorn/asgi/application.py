"""What kind of application it is: ASGI 3, the older ASGI 2, or WSGI. Called at boot, so that a wrong worker class is
said at once and not at the first request.
"""

from __future__ import annotations

import inspect
from typing import Any, Awaitable, Callable

from tunicorn.failed_application import FailedApplication
from tunicorn.wsgi.application import AppImportError

Application = Callable[[Any, Any, Any], Awaitable[None]]


class WrongKind(AppImportError):
    """The text says which worker class runs it."""


def as_asgi3(app: Any) -> Application:
    """The application as an ASGI 3 callable; one of ASGI 2 is adapted. Raises WrongKind for one of WSGI."""
    if isinstance(app, FailedApplication):
        return _failed(app)
    if is_asgi(app):
        return app  # type: ignore[no-any-return]
    positional = _positional(app)
    if positional == 1:
        return _adapted(app)
    if positional == 2:
        raise WrongKind(
            "The application takes (environ, start_response): it is a WSGI application. "
            "Worker class asgi runs ASGI applications; sync, gthread and gevent run this one."
        )
    return app  # type: ignore[no-any-return]


def is_asgi(app: Any) -> bool:
    """Whether it is certainly an ASGI 3 application."""
    call = app if inspect.isroutine(app) or inspect.isclass(app) else type(app).__call__
    return inspect.iscoroutinefunction(call) and _positional(app) in (3, None)


def refuse_asgi(app: Any, worker_class: str) -> None:
    """For the classes that run WSGI applications."""
    if is_asgi(app):
        raise WrongKind(
            "The application takes (scope, receive, send): it is an ASGI application. "
            f"Worker class {worker_class} runs WSGI applications; -k asgi runs this one."
        )


def _positional(app: Any) -> int | None:
    """How many arguments it can be called with at least; None where nobody can tell."""
    try:
        parameters = inspect.signature(app).parameters.values()
    except (TypeError, ValueError):
        return None
    if any(parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters):
        return None
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(1 for each in parameters if each.kind in kinds and each.default is each.empty)


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
