"""Which thread of a gthread worker takes tickets."""

from __future__ import annotations

import sys
import threading
import time
import unittest
from typing import Callable, List
from unittest import mock

import gateway_double  # noqa: F401 - puts python/ on sys.path

from tunicorn.worker_classes import ticket_turn
from tunicorn.worker_classes.ticket_turn import TicketTurn

LIMIT_SECONDS = 30


def until(is_so: Callable[[], object]) -> None:
    ends = time.monotonic() + LIMIT_SECONDS
    while not is_so():
        if time.monotonic() > ends:
            raise AssertionError("waited in vain")
        time.sleep(0.001)


class Turns(unittest.TestCase):
    def setUp(self) -> None:
        self.turn = TicketTurn()

    def in_thread(self, work: Callable[[], object]) -> threading.Thread:
        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        return thread

    def keep_with_another_looking(self) -> threading.Thread:
        """This thread begins a request and keeps its turn; the returned one is next, and looks."""
        turn = self.turn
        turn._trial_at = 0
        turn._lock.acquire()
        other = self.in_thread(turn.wait)
        until(lambda: turn._is_watched)
        turn.pass_or_keep()
        return other

    def test_a_thread_that_runs_a_request_passes_its_turn_on(self) -> None:
        turn = self.turn
        self.assertFalse(turn.wait())
        other = self.in_thread(turn.wait)
        turn.pass_or_keep()
        other.join(LIMIT_SECONDS)
        self.assertFalse(other.is_alive())

    def test_a_thread_keeps_its_turn_while_the_next_one_looks(self) -> None:
        turn = self.turn
        with mock.patch.object(ticket_turn, "_LOOK_SECONDS", LIMIT_SECONDS):
            other = self.keep_with_another_looking()
            self.assertTrue(turn.wait())
            turn.give_up()
            other.join(LIMIT_SECONDS)
        self.assertFalse(other.is_alive())

    def test_the_next_thread_takes_the_turn_of_a_request_that_lasts(self) -> None:
        turn = self.turn
        other = self.keep_with_another_looking()
        # The request does not end.
        other.join(LIMIT_SECONDS)
        self.assertFalse(other.is_alive())
        self.assertTrue(turn._lock.locked())
        self.assertEqual(turn._kept, {})
        self.assertFalse(turn._is_watched)

    def test_a_thread_whose_turn_was_taken_waits_for_the_next(self) -> None:
        turn = self.turn
        other = self.keep_with_another_looking()
        other.join(LIMIT_SECONDS)
        turn.give_up()
        self.assertFalse(turn.wait())

    def test_only_one_thread_at_a_time_has_the_turn(self) -> None:
        turn = self.turn
        inside: List[int] = []
        clashes: List[int] = []
        kept: List[int] = []
        left = [20_000]

        def work() -> None:
            me = threading.get_ident()
            while True:
                has_kept = turn.wait()
                inside.append(me)
                left[0] -= 1
                number = left[0]
                if has_kept:
                    kept.append(number)
                if len(inside) != 1:
                    clashes.append(number)
                inside.remove(me)
                if number <= 0:
                    turn.give_up()
                    return
                turn.pass_or_keep()
                if number % 500 == 0:
                    time.sleep(0.005)

        interval = sys.getswitchinterval()
        sys.setswitchinterval(0.00005)
        self.addCleanup(sys.setswitchinterval, interval)
        threads = [self.in_thread(work) for _ in range(4)]
        for thread in threads:
            thread.join(LIMIT_SECONDS)
            self.assertFalse(thread.is_alive())
        self.assertEqual(clashes, [])
