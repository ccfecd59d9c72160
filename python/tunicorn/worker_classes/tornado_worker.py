"""A worker of class tornado: serves a Tornado application, or a WSGI one.

It is the asgi worker with another kind of application: Tornado gets each request as its own HTTP server would pass it.
"""

from __future__ import annotations

import asyncio
import math
from importlib.util import find_spec
from typing import Any, Callable, List, Optional, Set

from tunicorn.asgi.http.http_exchange import HttpExchange
from tunicorn.asgi.lifespan import Lifespan
from tunicorn.asgi.loop import new_event_loop
from tunicorn.asgi.places import Place
from tunicorn.runqueue.ticket import FOLLOWS, UPGRADE, Ticket
from tunicorn.worker_classes.asgi_worker import AsgiWorker
from tunicorn.worker_context.worker_context import WorkerContext
from tunicorn.wsgi.outside_loop import outside_loop


def missing() -> Optional[str]:
    """Names what must be installed before this class can run."""
    return None if find_spec("tornado") else "tornado"


def serve(context: WorkerContext) -> None:
    loop = new_event_loop(context.worker.cfg.asgi_loop, context.log)
    asyncio.set_event_loop(loop)
    start_request = context.guarded(lambda: _start_request_of(context.worker.wsgi), "while it was looked at")
    worker = TornadoWorker(context, start_request, loop)
    context.worker.loop = loop
    context.guarded(lambda: loop.run_until_complete(worker.start()), "at a request of warm_up")
    context.ready()
    loop.run_until_complete(worker.serve())


def _start_request_of(app: Any) -> Callable[[Any, Any], Any]:
    """The function that Tornado's HTTP server calls for each request."""
    from tornado.httpserver import HTTPServer
    from tornado.httputil import HTTPServerConnectionDelegate
    from tornado.wsgi import WSGIContainer

    class Container(WSGIContainer):  # type: ignore[misc, unused-ignore]
        def __call__(self, request: Any) -> None:
            # Tornado's own method starts it in a separate turn of the loop, where its exceptions would be lost.
            asyncio.ensure_future(self.handle_request(request))

    if not isinstance(app, HTTPServerConnectionDelegate):
        app = Container(outside_loop(app))
    # This server does not listen.
    start_request: Callable[[Any, Any], Any] = HTTPServer(app).start_request
    return start_request


class TornadoWorker(AsgiWorker):
    _speaks_web_socket = False

    def __init__(
        self, context: WorkerContext, start_request: Callable[[Any, Any], Any], loop: asyncio.AbstractEventLoop
    ) -> None:
        super().__init__(context, _no_application, loop)
        self._lifespan = Lifespan(_no_application, "off", {}, context.log)
        # on_connection_close notifies a handler that the client has left; the handler may go on.
        self._grace_seconds = math.inf
        # Collects the tasks that a request starts.
        self._begun: Optional[List[asyncio.Task[Any]]] = None
        self._start_request = start_request
        self._app = self._serve_request
        # Tickets of upgrade requests that do not run yet.
        self._upgrades: Set[int] = set()
        loop.set_task_factory(self._make_task)

    def _begin(self, place: Place, ticket: Ticket) -> None:
        if ticket.flags & UPGRADE:
            # It may become a tunnel: the answer to an ASK comes after all frames about the place's earlier tickets.
            ticket = ticket._replace(flags=ticket.flags | FOLLOWS)
            self._upgrades.add(ticket.id)
        super()._begin(place, ticket)

    async def _serve_request(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        from tunicorn.worker_classes.tornado_request import TornadoRequest

        exchange: HttpExchange = receive.__self__
        is_upgrade = exchange.id in self._upgrades
        self._upgrades.discard(exchange.id)
        request = TornadoRequest(exchange, scope, is_upgrade)
        await request.run(self._start_request, self._collecting)

    def _collecting(self, step: Callable[[], Any]) -> tuple[Any, List[asyncio.Task[Any]]]:
        """Runs a step and returns the tasks that it has started; Tornado does not expose those of its handlers."""
        begun: List[asyncio.Task[Any]] = []
        self._begun = begun
        try:
            return step(), begun
        finally:
            self._begun = None

    def _make_task(self, loop: asyncio.AbstractEventLoop, coro: Any, **options: Any) -> asyncio.Task[Any]:
        task: asyncio.Task[Any] = asyncio.Task(coro, loop=loop, **options)
        if self._begun is not None:
            self._begun.append(task)
        return task


async def _no_application(scope: Any, receive: Any, send: Any) -> None:
    raise AssertionError("Tornado applications are not called this way")
