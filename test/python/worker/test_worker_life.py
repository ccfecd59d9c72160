"""The states of a worker process: every move, and moves that interrupt others."""

import itertools
import os
import sys
import unittest
from typing import List
from unittest import mock

from tunicorn.generated_facts import ILLEGAL_MOVES_VARIABLE
from tunicorn.process.worker_life import (
    IllegalMove,
    WorkerEvent,
    WorkerLife,
    WorkerState,
    move_worker,
)

S, E = WorkerState, WorkerEvent

# By state: where each event leads. An event that is not named leaves the state as it is.
MOVES = {
    S.BOOTING: {
        E.READY: S.TAKING,
        E.RETIRE: S.RETIRING_UNBOOTED,
        E.DRAINED: S.LEAVING_UNBOOTED,
        E.SPENT: S.LEAVING_UNBOOTED,
        E.LEAVE: S.LEAVING_UNBOOTED,
        E.QUIT: S.EXITING_UNBOOTED,
        E.ABORT: S.ABORTED_UNBOOTED,
        E.END: S.EXITING_UNBOOTED,
    },
    S.RETIRING_UNBOOTED: {
        E.READY: S.RETIRING,
        E.KEEP: S.BOOTING,
        E.DRAINED: S.LEAVING_UNBOOTED,
        E.SPENT: S.LEAVING_UNBOOTED,
        E.LEAVE: S.LEAVING_UNBOOTED,
        E.QUIT: S.EXITING_UNBOOTED,
        E.ABORT: S.ABORTED_UNBOOTED,
        E.END: S.EXITING_UNBOOTED,
    },
    S.LEAVING_UNBOOTED: {
        E.READY: S.LEAVING,
        E.QUIT: S.EXITING_UNBOOTED,
        E.ABORT: S.ABORTED_UNBOOTED,
        E.END: S.EXITING_UNBOOTED,
    },
    S.EXITING_UNBOOTED: {E.READY: S.EXITING, E.ABORT: S.ABORTED_UNBOOTED},
    S.ABORTED_UNBOOTED: {E.READY: S.ABORTED},
    S.TAKING: {
        E.RETIRE: S.RETIRING,
        E.DRAINED: S.DRAINED,
        E.SPENT: S.LEAVING,
        E.LEAVE: S.LEAVING,
        E.QUIT: S.EXITING,
        E.ABORT: S.ABORTED,
        E.END: S.EXITING,
    },
    S.RETIRING: {
        E.KEEP: S.TAKING,
        E.DRAINED: S.LEAVING,
        E.SPENT: S.LEAVING,
        E.LEAVE: S.LEAVING,
        E.QUIT: S.EXITING,
        E.ABORT: S.ABORTED,
        E.END: S.EXITING,
    },
    S.DRAINED: {E.RETIRE: S.LEAVING, E.LEAVE: S.LEAVING, E.QUIT: S.EXITING, E.ABORT: S.ABORTED, E.END: S.EXITING},
    S.LEAVING: {E.QUIT: S.EXITING, E.ABORT: S.ABORTED, E.END: S.EXITING},
    S.EXITING: {E.ABORT: S.ABORTED},
    S.ABORTED: {},
}
ILLEGAL = {(state, E.READY) for state in S if state.is_booted} | {(S.DRAINED, E.DRAINED), (S.DRAINED, E.SPENT)}


class Log:
    def __init__(self) -> None:
        self.errors: List[str] = []

    def error(self, message: str) -> None:
        self.errors.append(message)


class Moves(unittest.TestCase):
    def test_every_event_in_every_state_leads_where_the_table_says(self) -> None:
        for state, event in itertools.product(S, E):
            with self.subTest(state=state.name, event=event.name):
                wanted = None if (state, event) in ILLEGAL else MOVES[state].get(event, state)
                self.assertIs(move_worker(state, event), wanted)

    def test_no_event_makes_a_worker_take_tickets_again_or_forgets_how_it_ends(self) -> None:
        for state, event in itertools.product(S, E):
            after = move_worker(state, event) or state
            with self.subTest(state=state.name, event=event.name):
                self.assertLessEqual(after.takes_tickets, state.takes_tickets)
                self.assertGreaterEqual(after.is_booted, state.is_booted)
                self.assertGreaterEqual(after.is_exiting, state.is_exiting)
                self.assertGreaterEqual(after.is_aborted, state.is_aborted)


class Life(unittest.TestCase):
    def setUp(self) -> None:
        self.log = Log()
        self.life = WorkerLife(self.log.error)

    def test_a_move_returns_the_state_before_it(self) -> None:
        self.assertIs(self.life.move(E.READY), S.BOOTING)
        self.assertIs(self.life.move(E.QUIT), S.TAKING)
        self.assertIs(self.life.move(E.QUIT), S.EXITING)

    def test_an_illegal_move_is_logged_and_changes_nothing(self) -> None:
        self.life.move(E.READY)
        with mock.patch.dict(os.environ):
            os.environ.pop(ILLEGAL_MOVES_VARIABLE, None)
            self.life.move(E.READY)
        self.assertIs(self.life.state, S.TAKING)
        self.assertEqual(len(self.log.errors), 1)
        self.assertRegex(self.log.errors[0], r"READY in state TAKING$")

    def test_it_raises_where_tests_want_that(self) -> None:
        self.life.move(E.READY)
        with mock.patch.dict(os.environ, {ILLEGAL_MOVES_VARIABLE: "throw"}), self.assertRaises(IllegalMove):
            self.life.move(E.READY)

    def test_a_move_in_the_middle_of_another_is_not_lost(self) -> None:
        # As a signal handler would: between any two lines of the move that it interrupts.
        for interrupting in (E.LEAVE, E.QUIT, E.ABORT):
            for line in range(30):
                life = WorkerLife(self.log.error)
                came = self.interrupted_at(line, life, E.READY, interrupting)
                with self.subTest(interrupting=interrupting.name, line=line):
                    wanted = S.TAKING if not came else move_worker(S.TAKING, interrupting)
                    self.assertIs(life.state, wanted)
        self.assertFalse(came, "the last line is beyond the end of the move")
        self.assertEqual(self.log.errors, [])

    def interrupted_at(self, line: int, life: WorkerLife, event: WorkerEvent, interrupting: WorkerEvent) -> bool:
        lines = 0

        def trace(frame: object, what: str, argument: object) -> object:
            nonlocal lines
            if what == "line":
                if lines == line:
                    sys.settrace(None)
                    life.move(interrupting)
                lines += 1
            return trace

        sys.settrace(trace)  # type: ignore[arg-type]
        try:
            life.move(event)
        finally:
            sys.settrace(None)
        return lines > line


if __name__ == "__main__":
    unittest.main()
