"""Takes tickets from the pipe of a worker's generation.

The methods return a ticket or None. After None, and after the last ticket that the worker may take,
`life.state.takes_tickets` says whether more will come.
"""

from __future__ import annotations

import os
from typing import Any, Callable, Optional

from tunicorn.log.catalog import say, workers
from tunicorn.process import unpatched
from tunicorn.process.worker_life import WorkerEvent
from tunicorn.runqueue.fault_points import FAULT
from tunicorn.runqueue.ticket import KIND_PROBE, TICKET_BYTES, Ticket, TicketError, decode, parse_fields
from tunicorn.worker_context.worker_context import WorkerContext
from tunicorn.worker_context.worker_signals import Leave

# The kernel's own: eventlet's would wait, in the callback of its hub that must not.
_read = unpatched.read
_readv = os.readv


class TicketSource:
    __slots__ = ("_buffer", "_count", "_fd", "_length", "_life", "_log", "_parse", "_report", "_signals", "_views")

    def __init__(self, context: WorkerContext, parse: Callable[[Any], Any] = parse_fields) -> None:
        """`parse` reads the fields of a ticket."""
        self._fd = context.tickets_fd
        self._life = context.life
        self._signals = context.signals
        self._log = context.log
        self._report = context.report
        self._count = context.count_ticket
        self._parse = parse
        self._buffer = bytearray(TICKET_BYTES)
        self._length = memoryview(self._buffer)[:4].cast("I")
        self._views = [self._buffer]

    def take(self) -> Optional[Ticket]:
        """Does not wait; returns None also if another worker was quicker."""
        try:
            data = _read(self._fd, TICKET_BYTES)
        except (BlockingIOError, InterruptedError):
            return None
        return self._taken(data)

    def wait(self) -> Optional[Ticket]:
        """For the main thread and a blocking pipe: waits until a ticket comes or the worker is to leave."""
        life, signals, length = self._life, self._signals, self._length
        length[0] = 0
        try:
            signals.interrupts_wait = True
            if not life.state.takes_tickets:
                signals.interrupts_wait = False
                return None
            is_ticket = _readv(self._fd, self._views) != 0
            signals.interrupts_wait = False
        except Leave:
            # The kernel may have delivered a ticket before the handler raised.
            if length[0] == 0:
                return None
            is_ticket = True
        return self._taken(self._buffer if is_ticket else b"")

    def _taken(self, data: bytes | bytearray) -> Optional[Ticket]:
        if not data:
            if self._life.move(WorkerEvent.DRAINED).takes_tickets:
                self._report({"type": "drained"})
            return None
        if FAULT is not None:
            FAULT("after-take")
        try:
            ticket = decode(data, self._parse)
        except TicketError as error:
            say(self._log, workers.MALFORMED_TICKET, reason=error)
            return None
        if self._count is not None and ticket.kind != KIND_PROBE:
            self._count()
        return ticket
