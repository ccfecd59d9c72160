"""The requests of the setting `warm_up`, for ASGI and Tornado applications."""

from __future__ import annotations

import asyncio
from typing import Any, Awaitable, Callable, Dict, Iterable, List, Optional

from tunicorn.asgi.http.response_state import END, UNSTARTED, ResponseState, move
from tunicorn.asgi.scope import http_scope
from tunicorn.worker_context.warm_up import CLIENT, WarmUp, WarmUpRequest, parse


class WarmUpExchange:
    """Like HttpExchange, but discards what the application sends."""

    def __init__(self) -> None:
        self.id = 0
        self.state: ResponseState = UNSTARTED
        self.is_gone = False
        self.task: Optional[asyncio.Task[Any]] = None
        self.status = 0
        self._asked = False
        self._over = asyncio.get_running_loop().create_future()

    async def receive(self) -> Dict[str, Any]:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        # The client stays until it has its response.
        await asyncio.shield(self._over)
        return {"type": "http.disconnect"}

    async def send(self, message: Dict[str, Any]) -> None:
        kind = message["type"]
        if kind == "http.response.start":
            self.status = message["status"]
        elif kind == "http.response.body" and not message.get("more_body", False):
            self._end()

    def _end(self) -> None:
        if not self.state.is_over:
            self.state = move(self.state, END)
        if not self._over.done():
            self._over.set_result(None)


async def warm_up(
    serve: Callable[..., Awaitable[None]], root_path: str, state: Dict[str, Any], entries: Iterable[str]
) -> None:
    """`serve` is an ASGI application, or an adapter for another kind. Raises WarmUpFailed."""
    for request in map(parse, entries):
        with WarmUp(request) as under_way:
            exchange = WarmUpExchange()
            # In its own task, like every request, so that it has its own context.
            task = exchange.task = asyncio.ensure_future(
                _run(serve, scope_of(request, root_path, state), exchange)
            )
            await task
            if exchange.status == 0:
                raise RuntimeError("the application returned without a response")
            under_way.answered(exchange.status)


async def _run(serve: Callable[..., Awaitable[None]], scope: Dict[str, Any], exchange: WarmUpExchange) -> None:
    await serve(scope, exchange.receive, exchange.send)


def scope_of(request: WarmUpRequest, root_path: str, state: Dict[str, Any]) -> Dict[str, Any]:
    fields: List[str] = ["GET", "1.1", request.scheme, request.path, request.query]
    fields += [CLIENT, "0", request.name, request.port, ""]
    for name, value in request.headers().items():
        fields += [name.lower(), value]
    scope = http_scope([field.encode("latin-1") for field in fields], root_path, state)
    scope["extensions"] = {**scope["extensions"], "tunicorn.warm_up": {}}
    return scope
