"""A worker of class asgi: one event loop that runs as many concurrent requests as there are slots.

It takes a ticket only when it can begin the request at once, and no second one in a turn of the loop while a request is
in progress. So tickets spread over idle workers, and a worker whose loop is kept busy by a handler takes no more.
"""

from __future__ import annotations

import asyncio
import signal
from contextvars import copy_context
from time import monotonic_ns

from tunicorn.application.load_application import StartFailed
from tunicorn.asgi.application_kind import Application, as_asgi3
from tunicorn.asgi.leaving import finish
from tunicorn.asgi.lifespan import Lifespan
from tunicorn.asgi.loop import new_event_loop
from tunicorn.asgi.places import FreePlaces
from tunicorn.asgi.task_stack import write_stacks, write_start_up
from tunicorn.asgi.warm_up import warm_up
from tunicorn.process import forked_copy
from tunicorn.process.worker_life import WorkerEvent
from tunicorn.runqueue.ticket_wait_asyncio import LoopTicketWait
from tunicorn.worker_classes.asgi_requests import AsgiRequests
from tunicorn.worker_classes.ticket_source import TicketSource
from tunicorn.worker_context.worker_context import WorkerContext

_WATCH_SECONDS = 0.1
_BEAT_SECONDS = 0.5
# Time for the shutdown of the lifespan after a failed boot.
_LAST_SECONDS = 1.0
# Requests that end in their first step follow each other for so long before the loop goes on. Beside tasks of other
# requests, each turn has one.
_TURN_NS = 1_000_000


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


class AsgiWorker(AsgiRequests):
    def __init__(self, context: WorkerContext, app: Application, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(context, app, loop)
        self._context = context
        self._lifespan = Lifespan(app, context.worker.cfg.asgi_lifespan, self._state, context.log)
        self._places = FreePlaces(context, loop, self._resume)
        self._source = TicketSource(context, bytes)
        self._ticket_wait = LoopTicketWait(loop, context.tickets_fd, self._take)
        self._waits_for_tickets = False
        # Every request begins with these context variables, not with those of the request that freed its place.
        self._variables = copy_context()
        self._over = loop.create_future()
        self._beats_at = 0.0
        # A forked copy that returned to the event loop would run the other requests, too.
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
        """Writes the stack of a start-up that takes too long."""
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
        # Requests begin in callbacks of the loop, and this is a task.
        self._loop.call_soon(self._tick)
        await self._over
        self._life.move(WorkerEvent.LEAVE)
        signals.notify_application()
        await finish(
            self._loop,
            self._context.settings.graceful_timeout,
            tasks=self._tasks,
            places=self._places,
            lifespan=self._lifespan,
        )

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
        """Takes a ticket and begins its request. Only if that is over, there may be time for another one: a ticket is
        taken by a worker that can begin it now.
        """
        places, source, life = self._places, self._source, self._life
        ends_ns = 0
        while not places.is_exhausted:
            ticket = source.take()
            if ticket is not None:
                if ends_ns == 0:
                    ends_ns = monotonic_ns() + _TURN_NS
                    # A worker that is idle again immediately may be first in line; only requests that last must be
                    # spread.
                    self._ticket_wait.has_taken(bool(self._running))
                self._begin(places.take(), ticket)
            if not life.state.takes_tickets:
                self._leave()
                return
            if ticket is None or self._tasks or monotonic_ns() >= ends_ns:
                break
        if places.is_exhausted:
            # Now, not at the next ticket: that one must wake another worker.
            self._pause()

    def _tick(self) -> None:
        self._loop.call_later(_WATCH_SECONDS, self._tick)
        now = self._loop.time()
        # By time, not by turns: handlers that compute one after the other leave few turns.
        if now >= self._beats_at:
            self._context.slots.beat()
            self._beats_at = now + _BEAT_SECONDS
        if self._waits_for_tickets:
            # Takes a ticket whose intended worker woke, but died or left before taking it.
            self._variables.run(self._take)
        self._cancel_late(now)
