"""When a worker asks for a successor, and when it stops taking requests."""

import sys
import unittest

from tunicorn.worker.request_budget import ASK, GO_ON, STOP, RequestBudget


def life(limit: int, boot_seconds: float, seconds_between: float) -> "list[str]":
    """The decisions of a worker at each request, until it stops."""
    budget = RequestBudget(limit)
    budget.start(boot_seconds, 100.0)
    steps: "list[str]" = []
    while STOP not in steps:
        steps.append(budget.took(100.0 + seconds_between * (len(steps) + 1)))
    return steps


class RequestBudgetTest(unittest.TestCase):
    def test_it_takes_as_many_as_the_limit_says(self) -> None:
        for limit in (1, 2, 3, 10, 1000):
            for seconds_between in (0.0001, 0.1, 100.0):
                self.assertEqual(len(life(limit, 1.0, seconds_between)), limit)

    def test_it_asks_for_a_successor_once_and_in_time(self) -> None:
        for limit in (10, 100, 1000):
            steps = life(limit, 1.0, 0.05)
            self.assertEqual(steps.count(ASK), 1)
            left = limit - steps.index(ASK) - 1
            # About as long as a boot, or a good part of its life.
            self.assertGreaterEqual(left * 0.05, min(0.25, limit * 0.05 / 4))

    def test_a_worker_that_is_asked_seldom_does_not_ask_before_its_end(self) -> None:
        self.assertEqual(set(life(50, 1.0, 60.0)), {GO_ON, STOP})

    def test_it_asks_when_requests_begin_to_come_quickly(self) -> None:
        budget = RequestBudget(100)
        budget.start(1.0, 0.0)
        slow = [budget.took(60.0 * (count + 1)) for count in range(60)]
        quick = [budget.took(3600.0 + 0.001 * (count + 1)) for count in range(40)]
        self.assertEqual((ASK in slow, ASK in quick, quick[-1]), (False, True, STOP))

    def test_without_a_limit_there_is_nothing_to_count(self) -> None:
        self.assertFalse(RequestBudget(sys.maxsize).is_limited)
        self.assertTrue(RequestBudget(1).is_limited)
