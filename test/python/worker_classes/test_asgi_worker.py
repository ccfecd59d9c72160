"""How many tickets an asgi worker takes in one turn of its loop."""

from __future__ import annotations

import asyncio
import os
import struct
import tempfile
import unittest
from typing import Any, Callable, List
from unittest.mock import MagicMock, patch

from gateway_double import ListLog

from tunicorn.asgi.places import Place
from tunicorn.process import forked_copy
from tunicorn.process.worker_life import WorkerEvent, WorkerLife
from tunicorn.runqueue.ticket import TICKET_BYTES, Ticket
from tunicorn.worker_classes import asgi_worker
from tunicorn.worker_classes.asgi_worker import AsgiWorker

WAITING = 5
MS = 1_000_000


class Worker(AsgiWorker):
    """Begins requests as a test wants it, and has its own clock."""

    def __init__(self, tickets_fd: int, slots: int, request: Callable[[Worker, Place], None]) -> None:
        self.begun: List[int] = []
        self.now_ns = 0
        self._request = request
        context = MagicMock()
        context.tickets_fd = tickets_fd
        context.log = ListLog()
        context.life = WorkerLife(context.log.error)
        context.life.move(WorkerEvent.READY)
        context.count_ticket = None
        context.slots.__len__.return_value = slots
        context.settings.runtime_dir = tempfile.gettempdir()
        loop = asyncio.new_event_loop()
        # Up to Python 3.9 a queue belongs to the current loop.
        asyncio.set_event_loop(loop)
        super().__init__(context, MagicMock(), loop)
        self._resume()

    @property
    def waits(self) -> bool:
        return self._waits_for_tickets

    def turn(self) -> List[int]:
        """The tickets begun in one turn."""
        before = len(self.begun)
        with patch.object(asgi_worker, "monotonic_ns", lambda: self.now_ns):
            self._take()
        return self.begun[before:]

    def lasts(self) -> None:
        self._tasks.add(MagicMock())

    def close(self) -> None:
        asyncio.set_event_loop(None)
        self._loop.close()

    def _begin(self, place: Place, ticket: Ticket) -> None:
        self.begun.append(ticket.id)
        self._request(self, place)


class TakingTest(unittest.TestCase):
    def setUp(self) -> None:
        # These workers' loops and channels are not those of this process.
        for hook in ("in_copy", "keep_connection"):
            patched = patch.object(forked_copy, hook)
            patched.start()
            self.addCleanup(patched.stop)

    def worker(self, request: Callable[[Worker, Place], None], slots: int = 10) -> Worker:
        tickets_fd, pipe = os.pipe()
        worker = Worker(tickets_fd, slots, request)
        for close, what in ((os.close, tickets_fd), (os.close, pipe)):
            self.addCleanup(close, what)
        self.addCleanup(worker.close)
        for ticket_id in range(1, WAITING + 1):
            ticket = struct.pack("<IBBHQIIII", 32, 1, 0, 0, ticket_id, 1, 0, 0, 0)
            os.write(pipe, ticket.ljust(TICKET_BYTES, b"\0"))
        return worker

    def test_requests_that_are_over_at_once_follow_each_other(self) -> None:
        worker = self.worker(lambda _, place: place.release())
        self.assertEqual(worker.turn(), [1, 2, 3, 4, 5])
        self.assertTrue(worker.waits)

    def test_but_only_for_a_short_time(self) -> None:
        def compute(worker: Worker, place: Place) -> None:
            worker.now_ns += 2 * MS
            place.release()

        worker = self.worker(compute)
        self.assertEqual([worker.turn() for _ in range(3)], [[1], [2], [3]])

    def test_beside_a_request_in_progress_each_turn_has_one(self) -> None:
        def wait(worker: Worker, _: Place) -> None:
            worker.lasts()

        worker = self.worker(wait)
        self.assertEqual([worker.turn() for _ in range(3)], [[1], [2], [3]])
        self.assertTrue(worker.waits)

    def test_a_worker_without_a_free_place_leaves_its_tickets_to_the_others(self) -> None:
        places: List[Any] = []
        worker = self.worker(lambda _, place: places.append(place), slots=2)
        self.assertEqual(worker.turn(), [1, 2])
        self.assertFalse(worker.waits)
        self.assertEqual(worker.turn(), [])
        places.pop().release()
        self.assertTrue(worker.waits)
        self.assertEqual(worker.turn(), [3])


if __name__ == "__main__":
    unittest.main()
