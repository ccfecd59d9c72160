"""A worker with green threads: one for each request, as many at once as there are places. gevent_worker.py and
eventlet_worker.py call it, each with its library.

A callback of the hub takes one ticket in a turn: so tickets spread over workers that are idle, and a handler that keeps
the hub busy takes no more of them. The main green thread looks after the requests, and does what signals ask for.
"""

from __future__ import annotations

import os
import signal
from collections import deque
from heapq import heappop, heappush
from time import monotonic
from types import FrameType
from typing import Any, Callable, Deque, Dict, List, Optional, Protocol, Type

from greenlet import GreenletExit, getcurrent

from tunicorn.runqueue import unpatched
from tunicorn.runqueue.channel import Channel
from tunicorn.runqueue.claims_board import ClaimSlot
from tunicorn.runqueue.fault_points import FAULT
from tunicorn.runqueue.ticket import KIND_PROBE, TICKET_BYTES, Ticket, TicketError, decode
from tunicorn.runqueue.ticket_stacks import outer_frames, write_ticket_stacks
from tunicorn.runqueue.ticket_wait import TicketLine
from tunicorn.worker import forked_copy
from tunicorn.worker.worker_duty import Duty
from tunicorn.worker.worker_signals import write_stacks_at
from tunicorn.wsgi.run_request import RequestCancelled

_WATCH_SECONDS = 0.1
_BEAT_SECONDS = 0.5


class RequestOverdue(RequestCancelled, GreenletExit):  # type: ignore[misc, unused-ignore]
    """Raised in the green thread of a request that has run for longer than `timeout`: its client has got 504."""


class Library(Protocol):
    """What gevent and eventlet do for a worker, each in its way."""

    channel: Type[Channel]

    def spawn(self, function: Callable[..., Any], *arguments: Any) -> Any: ...

    def throw(self, thread: Any, error: BaseException) -> None: ...

    def watch(self, fd: int, callback: Callable[[], None]) -> Callable[[], None]:
        """Has the hub call back whenever there is something to read, until what is returned is called."""

    def wait_readable(self, fd: int, seconds: float) -> None:
        """Waits so long at most."""

    def is_hub(self, thread: Any) -> bool: ...


class Place:
    """Runs one request at a time."""

    __slots__ = ("claim", "number", "run", "thread", "ticket")

    def __init__(self, number: int, claim: ClaimSlot, run: Callable[[Ticket], None]) -> None:
        self.number = number
        self.claim = claim
        self.run = run
        self.thread: Any = None
        # None when it has been told to end, too.
        self.ticket: Optional[Ticket] = None


class GreenWorker:
    def __init__(self, duty: Duty, library: Library) -> None:
        self._duty = duty
        self._library = library
        self._log = duty.log
        self._timeout: float = duty.worker.cfg.timeout
        self._fd = duty.tickets_fd
        self._line = TicketLine(self._fd)
        self._buffer = bytearray(TICKET_BYTES)
        self._views: List[bytearray] = [self._buffer]
        self._places: List[Place] = []
        self._free: List[int] = []
        self._running: Dict[int, Place] = {}
        self._stop_watching: Optional[Callable[[], None]] = None
        self._is_over = False
        self._steps: Deque[Callable[[], None]] = deque()
        self._wake_read, self._wake_write = os.pipe()
        for fd in (self._wake_read, self._wake_write):
            os.set_blocking(fd, False)
        forked_copy.keep_reading_end(lambda: [self._wake_read, self._line.fileno()])
        forked_copy.keep_writing_end(lambda: [self._wake_write])
        forked_copy.runs_in(getcurrent)
        # The first place's slot is where the worker shows that its hub goes round.
        self._free.append(self._open().number)

    def serve(self) -> None:
        life = self._duty.life
        life.wake = self._wake
        life.carry_out = self._carry_out
        signal.signal(signal.SIGUSR2, self._write_stacks)
        self._stack_fd = write_stacks_at(signal.SIGUSR2)
        self._watch()
        self._duty.ready()
        beats_at = 0.0
        while True:
            # By the time, not by the turns: handlers that compute, one behind the other, leave few of those.
            if monotonic() >= beats_at:
                self._duty.places.beat()
                beats_at = monotonic() + _BEAT_SECONDS
            while self._steps:
                self._steps.popleft()()
            self._cancel_overdue()
            if life.leaving or self._is_over:
                self._unwatch()
                if not self._running:
                    return
            self._library.wait_readable(self._wake_read, _WATCH_SECONDS)
            self._drain_wakes()

    # Signals: a handler runs in whatever green thread is the current one, in the middle of the hub for the most part.

    def _wake(self) -> None:
        try:
            unpatched.write(self._wake_write, b"!")
        except BlockingIOError:
            pass  # So many bytes are there that the main green thread will wake.

    def _drain_wakes(self) -> None:
        try:
            os.readv(self._wake_read, [bytearray(64)])
        except BlockingIOError:
            pass

    def _carry_out(self, step: Callable[[], None], urgent: bool) -> None:
        if urgent and not self._library.is_hub(getcurrent()):
            # The hub may stand still, because of this very green thread.
            step()
            return
        self._steps.append(step)
        self._wake()

    def _write_stacks(self, signum: int, frame: Optional[FrameType]) -> None:
        current = getcurrent()
        running = []
        for place in list(self._running.values()):
            thread, ticket = place.thread, place.ticket
            if thread is not None and ticket is not None:
                running.append((ticket.id, outer_frames(frame if thread is current else thread.gr_frame)))
        write_ticket_stacks(self._stack_fd, running)

    # Taking tickets

    def _watch(self) -> None:
        if self._stop_watching is None and not self._duty.life.leaving and not self._is_over:
            self._stop_watching = self._library.watch(self._line.fileno(), self._take)

    def _unwatch(self) -> None:
        stop, self._stop_watching = self._stop_watching, None
        if stop is not None:
            stop()

    def _open(self) -> Place:
        number = len(self._places)
        opened = self._duty.places.open(number, kind=self._library.channel)
        place = Place(number, opened.claim, self._duty.runner(opened).run)
        self._places.append(place)
        return place

    def _take(self) -> None:
        if self._duty.life.leaving:
            self._unwatch()
            return
        if not self._free and len(self._places) == len(self._duty.places):
            self._unwatch()
            return
        try:
            taken = os.readv(self._fd, self._views)
        except (BlockingIOError, InterruptedError):
            return  # Another worker was quicker.
        if taken == 0:
            self._is_over = True
            self._unwatch()
            self._duty.report({"type": "drained"})
            self._wake()
            return
        self._line.go_to_end()
        if FAULT is not None:
            FAULT("after-take")
        try:
            ticket = decode(self._buffer)
        except TicketError as error:
            self._log.error(f"Malformed ticket: {error}")
            return
        place = self._places[heappop(self._free)] if self._free else self._open()
        place.ticket = ticket
        self._running[place.number] = place
        place.thread = self._library.spawn(self._run, place, ticket)
        took = self._duty.took
        if took is not None and ticket.kind != KIND_PROBE and took():
            self._is_over = True
            self._unwatch()
            self._wake()

    # Running them

    def _run(self, place: Place, ticket: Ticket) -> None:
        life = self._duty.life
        try:
            place.run(ticket)
        except RequestOverdue:
            # Outside of the application: the channel is closed, and with it this request is over.
            place.claim.release()
        except (SystemExit, KeyboardInterrupt) as error:
            # Of a green thread, sys.exit() ends nothing but this request, as with Gunicorn.
            if life.told_to_exit:
                self._exit_with(error)
        except forked_copy.CopyEnds:
            return
        except BaseException:
            self._log.exception("Exception in worker process")
            os._exit(255)
        place.ticket = place.thread = None
        del self._running[place.number]
        heappush(self._free, place.number)
        if life.leaving or self._is_over:
            self._wake()
        else:
            self._watch()

    def _exit_with(self, error: BaseException) -> None:
        def leave() -> None:
            raise error

        self._steps.appendleft(leave)
        self._wake()

    def _cancel_overdue(self) -> None:
        if not self._timeout:
            return
        for place in list(self._running.values()):
            ticket = place.ticket
            if ticket is None or not place.claim.is_cancelled(ticket.cancel, ticket.id):
                continue
            # A client that has left is no reason to end a request that it has begun.
            if place.claim.age_seconds() > self._timeout:
                place.ticket = None
                self._library.throw(place.thread, RequestOverdue("the request has run for longer than `timeout`"))
