"""The requests of a worker with green threads: each runs in its own green thread, in a free slot."""

from __future__ import annotations

import os
from heapq import heappop, heappush
from types import FrameType
from typing import Any, Callable, Dict, List, Optional

from greenlet import GreenletExit, getcurrent

from tunicorn.log.catalog import say_exception, workers
from tunicorn.process import forked_copy
from tunicorn.runqueue.claim_slot import ClaimSlot
from tunicorn.runqueue.ticket import Ticket
from tunicorn.runqueue.ticket_stacks import outer_frames, write_ticket_stacks
from tunicorn.worker_classes.green_library import GreenLibrary
from tunicorn.worker_classes.wsgi_runner import wsgi_runner
from tunicorn.worker_context.worker_context import WorkerContext
from tunicorn.wsgi.run_request import RequestCancelled


class RequestOverdue(RequestCancelled, GreenletExit):  # type: ignore[misc, unused-ignore]
    """Raised in the green thread of a request that has exceeded `timeout`; its client has got 504."""


class GreenSlot:
    """Runs one request at a time."""

    __slots__ = ("claim", "number", "run", "thread", "ticket")

    def __init__(self, number: int, claim: ClaimSlot, run: Callable[[Ticket], None]) -> None:
        self.number = number
        self.claim = claim
        self.run = run
        self.thread: Any = None
        # Also None while the request is being cancelled.
        self.ticket: Optional[Ticket] = None


class GreenRequests:
    def __init__(
        self,
        context: WorkerContext,
        library: GreenLibrary,
        has_ended: Callable[[], None],
        exit_with: Callable[[BaseException], None],
    ) -> None:
        """`has_ended` is called after each request, `exit_with` with an exception that ends the worker."""
        self._context = context
        self._library = library
        self._has_ended = has_ended
        self._exit_with = exit_with
        self._timeout_seconds: float = context.worker.cfg.timeout
        self._slots: List[GreenSlot] = []
        self._free: List[int] = []
        self._running: Dict[int, GreenSlot] = {}
        # The first slot carries the heartbeat of the hub.
        self._free.append(self._open().number)

    def __len__(self) -> int:
        return len(self._running)

    @property
    def has_room(self) -> bool:
        return bool(self._free) or len(self._slots) < len(self._context.slots)

    def begin(self, ticket: Ticket) -> None:
        slot = self._slots[heappop(self._free)] if self._free else self._open()
        slot.ticket = ticket
        self._running[slot.number] = slot
        slot.thread = self._library.spawn(self._run, slot, ticket)

    def write_stacks(self, frame: Optional[FrameType]) -> None:
        """`frame` is that of the current green thread."""
        current = getcurrent()
        running = []
        for slot in list(self._running.values()):
            thread, ticket = slot.thread, slot.ticket
            if thread is not None and ticket is not None:
                running.append((ticket.id, outer_frames(frame if thread is current else thread.gr_frame)))
        write_ticket_stacks(self._context.stacks.fd, running)

    def cancel_overdue(self) -> None:
        if not self._timeout_seconds:
            return
        for slot in list(self._running.values()):
            ticket = slot.ticket
            if ticket is None or not slot.claim.is_cancelled(ticket.cancel, ticket.id):
                continue
            # A running request is not ended merely because its client has left.
            if slot.claim.age_seconds() > self._timeout_seconds:
                slot.ticket = None
                self._library.throw(slot.thread, RequestOverdue("the request has run for longer than `timeout`"))

    def _open(self) -> GreenSlot:
        number = len(self._slots)
        opened = self._context.slots.open(number, kind=self._library.channel)
        slot = GreenSlot(number, opened.claim, wsgi_runner(self._context, opened).run)
        self._slots.append(slot)
        return slot

    def _run(self, slot: GreenSlot, ticket: Ticket) -> None:
        try:
            slot.run(ticket)
        except RequestOverdue:
            # Raised outside of the application: the channel is closed, so the request is over.
            slot.claim.release()
        except (SystemExit, KeyboardInterrupt) as error:
            # sys.exit() in a green thread ends only this request, as in Gunicorn.
            if self._context.life.state.is_exiting:
                self._exit_with(error)
        except forked_copy.CopyEnds:
            return
        except BaseException:
            say_exception(self._context.log, workers.EXCEPTION)
            os._exit(255)
        slot.ticket = slot.thread = None
        del self._running[slot.number]
        heappush(self._free, slot.number)
        self._has_ended()
