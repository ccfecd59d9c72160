"""The requests of an event-loop worker: each runs in its own task, in one of the worker's slots."""

from __future__ import annotations

import asyncio
from time import monotonic_ns
from typing import Any, Optional, Set, Union

from tunicorn.asgi.application_kind import Application
from tunicorn.asgi.departure import is_departure
from tunicorn.asgi.held_messages import HeldMessages
from tunicorn.asgi.http.http_exchange import HttpExchange
from tunicorn.asgi.http.request_observer import ObservedRequest, RequestObserver
from tunicorn.asgi.next_turn import NextTurn
from tunicorn.asgi.places import Place
from tunicorn.asgi.scope import HttpScopes, websocket_scope
from tunicorn.asgi.task_start import task_start
from tunicorn.asgi.web_socket.web_socket import WebSocket
from tunicorn.channels.asgi_channel import Channel
from tunicorn.channels.channel_frame import probed_frame, skip_frame
from tunicorn.log.catalog import requests, say, say_exception
from tunicorn.log.tracebacks import drop_own_frames
from tunicorn.runqueue.fault_points import FAULT
from tunicorn.runqueue.ticket import FOLLOWS, KIND_PROBE, UPGRADE, Ticket
from tunicorn.worker_context.worker_context import WorkerContext
from tunicorn.wsgi.hooked_runner import HookedRunner

Exchange = Union[HttpExchange, WebSocket]


class AsgiRequests:
    # False where the application speaks WebSocket itself: a request to upgrade is then like any other.
    _speaks_web_socket = True

    def __init__(self, context: WorkerContext, app: Application, loop: asyncio.AbstractEventLoop) -> None:
        cfg = context.worker.cfg
        self._life = context.life
        self._loop = loop
        self._log = context.log
        self._app = app
        self._observer = RequestObserver(context.worker, context.logs.access_is_python) if _observes(context) else None
        self._state: dict[str, Any] = {}
        self._root_path: str = cfg.root_path
        self._build_scope = HttpScopes(self._root_path, self._state).build
        self._grace_seconds: float = cfg.asgi_disconnect_grace_period
        self._timeout_seconds: float = cfg.timeout
        self._held_messages = HeldMessages()
        self._running: Set[Exchange] = set()
        self._ended = self._running.discard
        # Requests that this worker has cancelled because their client is gone. Each is cancelled once.
        self._stopped: Set[Exchange] = set()
        # The tasks of requests that did not end in their first step, including those that go on in the background after
        # the response.
        self._tasks: Set[asyncio.Task[None]] = set()
        self._start = task_start(loop)
        self._next_turn = NextTurn(loop)

    def _begin(self, place: Place, ticket: Ticket) -> None:
        kind, flags, ticket_id, gateway, cancel, _, _, fields, _, _ = ticket
        claim = place.claim
        if kind != KIND_PROBE:
            claim.claim(ticket_id, gateway, monotonic_ns())
            if FAULT is not None:
                FAULT("after-claim")
        channel = place.channels.channel(gateway)
        if channel is None or kind == KIND_PROBE or claim.has_left(cancel, ticket_id):
            # When a gateway ends, so do its clients' connections: no client is waiting, so the ticket is not run.
            last_word = probed_frame(ticket_id) if kind == KIND_PROBE else skip_frame(ticket_id)
            place.finish(channel, last_word, 0)
            return
        if flags & FOLLOWS:
            self._tasks.add(self._start(self._follow(place, channel, ticket)))
            return
        exchange: Exchange
        if flags & UPGRADE:
            exchange = self._exchange(place, channel, ticket)
        else:
            exchange = HttpExchange(place, channel, ticket, self._ended)
            self._running.add(exchange)
        task = self._start(self._run(exchange, fields))
        if not task.done():
            self._keep(exchange, task)

    def _keep(self, exchange: Exchange, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        exchange.runner = task
        if exchange.task is None:
            exchange.task = task

    async def _follow(self, place: Place, channel: Channel, ticket: Ticket) -> None:
        """For a large request, whose ticket holds only the header."""
        try:
            answer = await channel.ask(ticket.id, ticket.fields_length + ticket.body_length)
        except (OSError, asyncio.CancelledError):
            # The gateway and its client are gone; or this worker has no time left, and another may run the request.
            answer = None
        task: Any = asyncio.current_task()
        if answer is None:
            self._tasks.discard(task)
            place.finish(channel, skip_frame(ticket.id), 0)
            return
        fields = answer[: ticket.fields_length]
        exchange = self._exchange(place, channel, ticket._replace(fields=fields, body=answer[ticket.fields_length :]))
        self._keep(exchange, task)
        await self._run(exchange, fields)

    def _exchange(self, place: Place, channel: Channel, ticket: Ticket) -> Exchange:
        exchange: Exchange
        if ticket.flags & UPGRADE and self._speaks_web_socket:
            exchange = WebSocket(
                *(place, channel, ticket), ended=self._ended, held=self._held_messages, next_turn=self._next_turn
            )
        else:
            exchange = HttpExchange(place, channel, ticket, self._ended)
        self._running.add(exchange)
        return exchange

    async def _run(self, exchange: Exchange, fields: bytes) -> None:
        if FAULT is not None:
            FAULT("in-app")
        observed: Optional[ObservedRequest] = None
        scope: dict[str, Any] = {}
        try:
            if exchange.__class__ is HttpExchange:
                scope = self._build_scope(fields)
            else:
                scope = websocket_scope(fields.split(b"\0"), self._root_path, self._state)
            if self._observer is not None and isinstance(exchange, HttpExchange):
                observed = self._observer.begin(scope, exchange)
            await self._app(scope, exchange.receive, exchange.send)
        except asyncio.CancelledError as error:
            if exchange not in self._stopped and not exchange.is_gone and self._life.state.takes_tickets:
                # The application cancelled itself; nothing else would log that.
                drop_own_frames(error)
                say_exception(self._log, requests.FAILED, request=_name_of(scope))
            exchange.fail()
        except BaseException as error:
            if self._life.state.is_exiting and isinstance(error, (SystemExit, KeyboardInterrupt)):
                # The worker is ending immediately: the gateway answers its requests and logs them.
                exchange.gone()
                raise
            # sys.exit() in a request ends only that request, as in gthread.
            if not exchange.is_gone or not is_departure(error):
                drop_own_frames(error)
                say_exception(self._log, requests.FAILED, request=_name_of(scope))
            exchange.fail()
        else:
            complaint = exchange.returned()
            if complaint is not None:
                say(self._log, complaint, request=_name_of(scope))
        finally:
            if observed is not None and self._observer is not None:
                self._observer.end(observed)
            # Not in a callback of the task, which would cost a turn of the loop.
            if exchange.runner is not None:
                self._tasks.discard(exchange.runner)
            if self._stopped:
                self._stopped.discard(exchange)

    def _cancel_late(self, now: float) -> None:
        for exchange in list(self._running):
            if exchange.is_cancelled():
                exchange.gone()
            if exchange.is_gone and exchange not in self._stopped and exchange.task is not None:
                # At the deadline, cancel immediately; otherwise let the application notice the departure first.
                is_late = self._timeout_seconds > 0 and exchange.has_run_for(self._timeout_seconds)
                if is_late or exchange.gone_for(now) >= self._grace_seconds:
                    self._stopped.add(exchange)
                    exchange.task.cancel()


def _observes(context: WorkerContext) -> bool:
    return context.logs.access_is_python or HookedRunner.is_wanted(context.worker.cfg)


def _name_of(scope: dict[str, Any]) -> str:
    # Left encoded: decoded, it could contain line breaks.
    method = scope.get("method", "WEBSOCKET")
    query = scope.get("query_string", b"")
    target = scope.get("raw_path", b"") + (b"?" + query if query else b"")
    return f"{method} {target.decode('latin-1')}"
