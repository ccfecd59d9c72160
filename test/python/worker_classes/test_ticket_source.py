"""How a worker takes tickets, whatever its class."""

from __future__ import annotations

import os
import signal
import struct
import unittest
from typing import Any, Dict, List

from gateway_double import ListLog

from tunicorn.runqueue.ticket import TICKET_BYTES
from tunicorn.process.worker_life import WorkerEvent, WorkerLife, WorkerState
from tunicorn.worker_context.worker_signals import WorkerSignals
from tunicorn.worker_classes.ticket_source import TicketSource

RUN, PROBE = 1, 2


def ticket_bytes(ticket_id: int, kind: int = RUN) -> bytes:
    return struct.pack("<IBBHQIIII", 32, kind, 0, 0, ticket_id, 1, 0, 0, 0).ljust(TICKET_BYTES, b"\0")


class Context:
    """The parts of a WorkerContext that a TicketSource needs."""

    def __init__(self, limit: int = 0) -> None:
        self.tickets_fd, self.pipe = os.pipe()
        self.log = ListLog()
        self.life = WorkerLife(self.log.error)
        self.life.move(WorkerEvent.READY)
        self.signals = WorkerSignals()
        self.reports: List[Dict[str, Any]] = []
        self.report = self.reports.append
        self.counted = 0
        self.count_ticket = (lambda: self._count(limit)) if limit else None

    def _count(self, limit: int) -> None:
        self.counted += 1
        if self.counted == limit:
            self.life.move(WorkerEvent.SPENT)

    def close(self) -> None:
        for fd in (self.tickets_fd, self.pipe):
            if fd >= 0:
                os.close(fd)

    def end_pipe(self) -> None:
        os.close(self.pipe)
        self.pipe = -1


class TicketSourceTest(unittest.TestCase):
    def source(self, limit: int = 0, *, blocks: bool = False) -> TicketSource:
        self.context = Context(limit)
        self.addCleanup(self.context.close)
        os.set_blocking(self.context.tickets_fd, blocks)
        context: Any = self.context
        return TicketSource(context)

    def put(self, data: bytes) -> None:
        os.write(self.context.pipe, data)

    def test_tickets_come_in_their_order_and_an_empty_pipe_gives_none(self) -> None:
        source = self.source()
        self.put(ticket_bytes(7) + ticket_bytes(8))
        taken = [source.take(), source.take(), source.take()]
        self.assertEqual([ticket and ticket.id for ticket in taken], [7, 8, None])
        self.assertIs(self.context.life.state, WorkerState.TAKING)

    def test_the_end_of_the_pipe_is_reported_once(self) -> None:
        source = self.source()
        self.context.end_pipe()
        self.assertIsNone(source.take())
        self.assertIs(self.context.life.state, WorkerState.DRAINED)
        self.assertEqual(self.context.reports, [{"type": "drained"}])

    def test_the_end_of_the_pipe_of_a_worker_that_leaves_is_not_reported(self) -> None:
        source = self.source()
        self.context.life.move(WorkerEvent.LEAVE)
        self.context.end_pipe()
        self.assertIsNone(source.take())
        self.assertEqual(self.context.reports, [])

    def test_a_malformed_ticket_is_logged_and_the_next_one_is_taken(self) -> None:
        source = self.source()
        self.put(b"\xff" * TICKET_BYTES + ticket_bytes(8))
        self.assertIsNone(source.take())
        ticket = source.take()
        assert ticket is not None
        self.assertEqual(ticket.id, 8)
        (line,) = self.context.log.texts("error")
        self.assertRegex(line, "^Malformed ticket: ")

    def test_requests_are_counted_and_probes_are_not(self) -> None:
        source = self.source(limit=2)
        self.put(ticket_bytes(1) + ticket_bytes(2, PROBE) + ticket_bytes(3))
        for _ in range(2):
            source.take()
            self.assertTrue(self.context.life.state.takes_tickets)
        ticket = source.take()
        assert ticket is not None
        self.assertEqual(ticket.id, 3)
        self.assertIs(self.context.life.state, WorkerState.LEAVING)

    def test_a_signal_ends_a_wait(self) -> None:
        source = self.source(blocks=True)
        self.leave_on_alarm()
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        self.assertIsNone(source.wait())
        self.assertFalse(self.context.signals.interrupts_wait)

    def test_a_worker_that_leaves_waits_for_nothing(self) -> None:
        source = self.source(blocks=True)
        self.context.life.move(WorkerEvent.LEAVE)
        self.assertIsNone(source.wait())
        self.assertFalse(self.context.signals.interrupts_wait)

    def test_a_wait_returns_the_ticket_and_is_no_longer_interrupted(self) -> None:
        source = self.source(blocks=True)
        self.put(ticket_bytes(5))
        ticket = source.wait()
        assert ticket is not None
        self.assertEqual(ticket.id, 5)
        self.leave_on_alarm()
        signal.raise_signal(signal.SIGALRM)

    def leave_on_alarm(self) -> None:
        def leave(signum: int, frame: object) -> None:
            self.context.life.move(WorkerEvent.LEAVE)
            self.context.signals.interrupt()

        previous = signal.signal(signal.SIGALRM, leave)
        self.addCleanup(signal.signal, signal.SIGALRM, previous)


if __name__ == "__main__":
    unittest.main()
