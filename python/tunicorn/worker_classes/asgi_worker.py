"""A worker of class asgi: one event loop, as many requests at once as there are slots.

It takes one ticket in a turn of the loop: so tickets spread over workers that are idle, and a handler that keeps the
loop busy takes no more of them.
"""

from __future__ import annotations

import asyncio
import signal
from contextvars import copy_context
from time import monotonic_ns
from typing import Any, Optional, Set, Union

from tunicorn.application.load_application import StartFailed, drop_own_frames
from tunicorn.asgi.application import Application, as_asgi3
from tunicorn.asgi.departure import is_departure
from tunicorn.asgi.held_messages import HeldMessages
from tunicorn.asgi.http.http_exchange import HttpExchange
from tunicorn.asgi.http.request_observer import RequestTeller, ToldRequest
from tunicorn.asgi.leaving import finish
from tunicorn.asgi.lifespan import Lifespan
from tunicorn.asgi.loop import new_event_loop
from tunicorn.asgi.places import FreePlaces, Place
from tunicorn.asgi.scope import http_scope, split_fields, websocket_scope
from tunicorn.asgi.task_stack import write_stacks, write_start_up
from tunicorn.asgi.warm_up import warm_up
from tunicorn.asgi.web_socket.web_socket import WebSocket
from tunicorn.runqueue.asgi_channel import Channel
from tunicorn.runqueue.channel_frame import probed_frame, skip_frame
from tunicorn.runqueue.fault_points import FAULT
from tunicorn.runqueue.ticket import FOLLOWS, KIND_PROBE, UPGRADE, Ticket
from tunicorn.runqueue.ticket_wait_asyncio import LoopTicketWait
from tunicorn.worker import forked_copy
from tunicorn.worker.worker_context import WorkerContext
from tunicorn.worker.worker_life import WorkerEvent
from tunicorn.worker_classes.ticket_source import TicketSource
from tunicorn.wsgi.hooked_runner import HookedRunner

_WATCH_SECONDS = 0.1
_BEAT_SECONDS = 0.5
# For the lifespan's end when the boot has failed.
_LAST_SECONDS = 1.0

Exchange = Union[HttpExchange, WebSocket]


def serve(context: WorkerContext) -> None:
    loop = new_event_loop(context.worker.cfg.asgi_loop, context.log)
    asyncio.set_event_loop(loop)
    app = context.guarded(lambda: as_asgi3(context.worker.wsgi), "while it was looked at")
    worker = AsgiWorker(context, app, loop)
    context.worker.loop = loop
    try:
        context.guarded(lambda: loop.run_until_complete(worker.start()), "in its lifespan")
    except SystemExit:
        if context.worker.aborted:
            worker.write_start_up()
        raise
    context.ready()
    loop.run_until_complete(worker.serve())


def _tells(context: WorkerContext) -> bool:
    return context.logs.access_is_python or HookedRunner.is_wanted(context.worker.cfg)


class AsgiWorker:
    # Where the application does it by itself, what is to upgrade is a request like any other.
    _speaks_web_socket = True

    def __init__(self, context: WorkerContext, app: Application, loop: asyncio.AbstractEventLoop) -> None:
        cfg = context.worker.cfg
        self._context = context
        self._life = context.life
        self._loop = loop
        self._log = context.log
        self._app = app
        self._teller = RequestTeller(context.worker, context.logs.access_is_python) if _tells(context) else None
        self._state: dict[str, Any] = {}
        self._root_path: str = cfg.root_path
        self._grace_seconds: float = cfg.asgi_disconnect_grace_period
        self._timeout_seconds: float = cfg.timeout
        self._lifespan = Lifespan(self._app, cfg.asgi_lifespan, self._state, context.log)
        self._places = FreePlaces(context, loop, self._resume)
        self._held_messages = HeldMessages()
        self._running: Set[Exchange] = set()
        # Requests that this worker has cancelled, because their client is gone. Each is cancelled once.
        self._stopped: Set[Exchange] = set()
        # The tasks of requests, and those that go on in the background when the response is complete.
        self._tasks: Set[asyncio.Task[None]] = set()
        self._source = TicketSource(context, split_fields)
        self._ticket_wait = LoopTicketWait(loop, context.tickets_fd, self._take)
        self._waits_for_tickets = False
        # Every request begins with these context variables, whoever has made the place free that it runs in.
        self._variables = copy_context()
        self._over = loop.create_future()
        self._beats_at = 0.0
        # A copy that comes back to the event loop would run the other requests, too.
        forked_copy.in_copy(self._end_copy_in_loop)

    def _end_copy_in_loop(self) -> None:
        self._loop.call_soon(forked_copy.end_copy)

    async def start(self) -> None:
        await self._lifespan.startup()
        cfg = self._context.worker.cfg
        if cfg.reload:
            return
        try:
            await warm_up(self._app, self._root_path, self._state, cfg.warm_up)
        except StartFailed:
            await self._lifespan.shutdown(_LAST_SECONDS)
            raise

    def write_start_up(self) -> None:
        """Where a start-up is that takes too long."""
        if self._lifespan.task is not None:
            write_start_up(self._context.stacks.fd, self._lifespan.task)

    async def serve(self) -> None:
        stacks, signals = self._context.stacks, self._context.signals
        signal.signal(signal.SIGUSR2, lambda signum, frame: write_stacks(stacks.fd, self._running))
        stacks.write_at(signal.SIGUSR2)
        signals.wake = self._wake
        signals.soon = self._loop.call_soon_threadsafe
        if not self._life.state.takes_tickets:
            self._leave()
        self._resume()
        self._tick()
        await self._over
        self._life.move(WorkerEvent.LEAVE)
        signals.tell_application()
        await finish(self._loop, self._context.settings.graceful_timeout, self._tasks, self._places, self._lifespan)

    # Taking tickets

    def _resume(self) -> None:
        if not self._waits_for_tickets and self._life.state.takes_tickets:
            self._waits_for_tickets = True
            self._variables.run(self._ticket_wait.start)

    def _pause(self) -> None:
        if self._waits_for_tickets:
            self._waits_for_tickets = False
            self._ticket_wait.stop()

    def _wake(self) -> None:
        """For a signal handler."""
        self._loop.call_soon_threadsafe(self._leave)

    def _leave(self) -> None:
        self._pause()
        if not self._over.done():
            self._over.set_result(None)

    def _take(self) -> None:
        place = self._places.take()
        if place is None:
            self._pause()
            return
        ticket = self._source.take()
        if ticket is None:
            place.put_back()
        else:
            # One that is idle again immediately may be the first: what lasts has to be spread.
            self._ticket_wait.has_taken(bool(self._running))
            self._begin(place, ticket)
        if not self._life.state.takes_tickets:
            self._leave()
        elif self._places.is_exhausted:
            # Not only at the next ticket: that one is for another worker to be woken by.
            self._pause()

    def _begin(self, place: Place, ticket: Ticket) -> None:
        kind, flags, ticket_id, gateway, cancel = ticket[:5]
        claim = place.claim
        if kind != KIND_PROBE:
            claim.claim(ticket_id, gateway, monotonic_ns())
            if FAULT is not None:
                FAULT("after-claim")
        channel = place.channels.channel(gateway)
        if channel is None or kind == KIND_PROBE or claim.has_left(cancel, ticket_id):
            # A gateway's clients go with it: nobody waits, so there is nothing to run.
            last_word = probed_frame(ticket_id) if kind == KIND_PROBE else skip_frame(ticket_id)
            place.finish(channel, last_word, 0)
            return
        run = self._follow if flags & FOLLOWS else self._run
        # `asyncio.current_task()` would take longer, up to Python 3.11 at least.
        place.task = self._loop.create_task(run(place, channel, ticket))
        self._tasks.add(place.task)

    # Running them

    async def _follow(self, place: Place, channel: Channel, ticket: Ticket) -> None:
        """Of a large request the ticket holds the header alone."""
        try:
            answer = await channel.ask(ticket.id, ticket.fields_length + ticket.body_length)
        except (OSError, asyncio.CancelledError):
            # The gateway has gone, and its client with it; or the worker has no time left, and another may run it.
            answer = None
        if answer is None:
            self._tasks.discard(place.task)
            place.finish(channel, skip_frame(ticket.id), 0)
            return
        fields = split_fields(answer[: ticket.fields_length])
        await self._run(place, channel, ticket._replace(fields=fields, body=answer[ticket.fields_length :]))

    async def _run(self, place: Place, channel: Channel, ticket: Ticket) -> None:
        is_web_socket = ticket.flags & UPGRADE != 0 and self._speaks_web_socket
        exchange: Exchange
        if is_web_socket:
            exchange = WebSocket(place, channel, ticket, ended=self._running.discard, held=self._held_messages)
        else:
            exchange = HttpExchange(place, channel, ticket, self._running.discard)
        task = exchange.task = place.task
        self._running.add(exchange)
        if FAULT is not None:
            FAULT("in-app")
        told: Optional[ToldRequest] = None
        scope: dict[str, Any] = {}
        try:
            build_scope = websocket_scope if is_web_socket else http_scope
            scope = build_scope(ticket.fields, self._root_path, self._state)
            if self._teller is not None and isinstance(exchange, HttpExchange):
                told = self._teller.begin(scope, exchange)
            await self._app(scope, exchange.receive, exchange.send)
        except asyncio.CancelledError as error:
            if exchange not in self._stopped and not exchange.is_gone and self._life.state.takes_tickets:
                # Not by this worker: the application's own doing, of which nobody else would tell.
                drop_own_frames(error)
                self._log.exception(f"Error handling request {_name_of(scope)}")
            exchange.fail()
        except BaseException as error:
            if self._life.state.is_exiting and isinstance(error, (SystemExit, KeyboardInterrupt)):
                # Of a worker that ends at once, the gateway answers the requests, and tells of them.
                exchange.gone()
                raise
            # Of a request, sys.exit() ends nothing but that, as with gthread.
            if not exchange.is_gone or not is_departure(error):
                drop_own_frames(error)
                self._log.exception(f"Error handling request {_name_of(scope)}")
            exchange.fail()
        else:
            complaint = exchange.returned()
            if complaint is not None:
                self._log.error(f"{complaint} ({_name_of(scope)})")
        finally:
            if told is not None and self._teller is not None:
                self._teller.end(told)
            # Here rather than in a callback of the task, which would cost a turn of the loop.
            self._tasks.discard(task)
            if self._stopped:
                self._stopped.discard(exchange)

    def _tick(self) -> None:
        self._loop.call_later(_WATCH_SECONDS, self._tick)
        now = self._loop.time()
        # By the time, not by the turns: handlers that compute, one behind the other, leave few of those.
        if now >= self._beats_at:
            self._context.slots.beat()
            self._beats_at = now + _BEAT_SECONDS
        if self._waits_for_tickets:
            # One that another worker was woken for, and died or left before it took it.
            self._variables.run(self._take)
        for exchange in list(self._running):
            if exchange.is_cancelled():
                exchange.gone()
            if exchange.is_gone and exchange not in self._stopped and exchange.task is not None:
                # At the deadline at once; else the application has a moment to find out by itself.
                is_late = self._timeout_seconds > 0 and exchange.has_run_for(self._timeout_seconds)
                if is_late or exchange.gone_for(now) >= self._grace_seconds:
                    self._stopped.add(exchange)
                    exchange.task.cancel()


def _name_of(scope: dict[str, Any]) -> str:
    # Still encoded: decoded, it could be several lines.
    method = scope.get("method", "WEBSOCKET")
    query = scope.get("query_string", b"")
    target = scope.get("raw_path", b"") + (b"?" + query if query else b"")
    return f"{method} {target.decode('latin-1')}"
