"""A worker with green threads, of gevent or eventlet: one for each request, at most as many as there are slots.

A callback of the hub takes one ticket per turn, so tickets spread over idle workers, and a worker whose hub is kept
busy by a handler takes no more. The main green thread supervises the requests and carries out what signals ask for.
"""

from __future__ import annotations

import os
import signal
from collections import deque
from time import monotonic
from typing import Callable, Deque, Optional

from greenlet import getcurrent

from tunicorn.process import forked_copy, unpatched
from tunicorn.runqueue.ticket_wait import TicketWait
from tunicorn.worker_classes.green_library import GreenLibrary
from tunicorn.worker_classes.green_requests import GreenRequests
from tunicorn.worker_classes.ticket_source import TicketSource
from tunicorn.worker_context.worker_context import WorkerContext
from tunicorn.wsgi.repeated_fields import RepeatedFields

_WATCH_SECONDS = 0.1
_BEAT_SECONDS = 0.5


class GreenWorker:
    def __init__(self, context: WorkerContext, library: GreenLibrary) -> None:
        self._context = context
        self._life = context.life
        self._library = library
        self._ticket_wait = TicketWait(context.tickets_fd)
        self._source = TicketSource(context, RepeatedFields().parse)
        self._stop_watching: Optional[Callable[[], None]] = None
        self._steps: Deque[Callable[[], None]] = deque()
        self._wake_read, self._wake_write = os.pipe()
        for fd in (self._wake_read, self._wake_write):
            os.set_blocking(fd, False)
        forked_copy.keep_reading_end(lambda: [self._wake_read, self._ticket_wait.fileno()])
        forked_copy.keep_writing_end(lambda: [self._wake_write])
        forked_copy.runs_in(getcurrent)
        self._requests = GreenRequests(context, library, self._has_ended, self._exit_with)

    def serve(self) -> None:
        signals = self._context.signals
        signals.wake = self._wake
        signals.carry_out = self._carry_out
        signal.signal(signal.SIGUSR2, lambda signum, frame: self._requests.write_stacks(frame))
        self._context.stacks.write_at(signal.SIGUSR2)
        self._watch()
        self._context.ready()
        beats_at = 0.0
        while True:
            # By time, not by turns: handlers that compute one after the other leave few turns.
            if monotonic() >= beats_at:
                self._context.slots.beat()
                beats_at = monotonic() + _BEAT_SECONDS
            while self._steps:
                self._steps.popleft()()
            self._requests.cancel_overdue()
            if not self._life.state.takes_tickets:
                self._unwatch()
                if not self._requests:
                    return
            self._library.wait_readable(self._wake_read, _WATCH_SECONDS)
            self._drain_wakes()

    # Signals: a handler runs in the current green thread, which mostly is the hub.

    def _wake(self) -> None:
        try:
            unpatched.write(self._wake_write, b"!")
        except BlockingIOError:
            pass  # The pipe is full of wake-up bytes already; one is enough.

    def _drain_wakes(self) -> None:
        try:
            os.readv(self._wake_read, [bytearray(64)])
        except BlockingIOError:
            pass

    def _carry_out(self, step: Callable[[], None], urgent: bool) -> None:
        if urgent and not self._library.is_hub(getcurrent()):
            # The hub may be blocked by this very green thread.
            step()
            return
        self._steps.append(step)
        self._wake()

    def _exit_with(self, error: BaseException) -> None:
        def leave() -> None:
            raise error

        self._steps.appendleft(leave)
        self._wake()

    # Taking tickets

    def _watch(self) -> None:
        if self._stop_watching is None and self._life.state.takes_tickets:
            self._stop_watching = self._library.watch(self._ticket_wait.fileno(), self._take)

    def _unwatch(self) -> None:
        stop, self._stop_watching = self._stop_watching, None
        if stop is not None:
            stop()

    def _take(self) -> None:
        if not self._life.state.takes_tickets or not self._requests.has_room:
            self._unwatch()
            return
        ticket = self._source.take()
        if ticket is not None:
            self._ticket_wait.go_to_end()
            self._requests.begin(ticket)
        if not self._life.state.takes_tickets:
            self._unwatch()
            self._wake()

    def _has_ended(self) -> None:
        if self._life.state.takes_tickets:
            self._watch()
        else:
            self._wake()
