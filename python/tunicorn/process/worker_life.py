"""The life of a worker process as one state, which signal handlers and the serving code both move."""

from __future__ import annotations

import os
from enum import Enum, unique
from typing import Callable, Dict, List, Optional, Tuple

from tunicorn.generated_facts import ILLEGAL_MOVES_VARIABLE


@unique
class WorkerState(Enum):
    """The `UNBOOTED` states are those of a worker that has not reported itself ready."""

    # Alive, booted, takes tickets, exits, aborted.
    BOOTING = (True, False, True, False, False)
    RETIRING_UNBOOTED = (False, False, True, False, False)
    LEAVING_UNBOOTED = (False, False, False, False, False)
    EXITING_UNBOOTED = (False, False, False, True, False)
    ABORTED_UNBOOTED = (False, False, False, True, True)
    TAKING = (True, True, True, False, False)
    RETIRING = (False, True, True, False, False)
    DRAINED = (True, True, False, False, False)
    LEAVING = (False, True, False, False, False)
    EXITING = (False, True, False, True, False)
    ABORTED = (False, True, False, True, True)

    def __init__(self, *facts: bool):
        # Hooks see three of them: worker.alive, worker.booted and worker.aborted. One that exits does not wait for its
        # requests: a SystemExit comes from the server, not the application.
        self.is_alive, self.is_booted, self.takes_tickets, self.is_exiting, self.is_aborted = facts


class WorkerEvent(Enum):
    READY = "it has booted"
    RETIRE = "a successor is wanted; it goes on until the successor is ready"
    KEEP = "a successor is no longer wanted"
    DRAINED = "its ticket pipe has ended"
    SPENT = "it has taken max_requests"
    LEAVE = "it takes no more tickets and finishes its requests"
    QUIT = "a signal ends it immediately"
    ABORT = "SIGABRT ends it immediately"
    END = "nothing is left to do but the exit hooks"


_S, _E = WorkerState, WorkerEvent

_READY = {
    _S.BOOTING: _S.TAKING,
    _S.RETIRING_UNBOOTED: _S.RETIRING,
    _S.LEAVING_UNBOOTED: _S.LEAVING,
    _S.EXITING_UNBOOTED: _S.EXITING,
    _S.ABORTED_UNBOOTED: _S.ABORTED,
}
_ILLEGAL = {(_S.DRAINED, _E.DRAINED), (_S.DRAINED, _E.SPENT)}

# Signals come at any time and repeatedly, so these events are legal in every state; without a row, they change
# nothing.
_MOVES: Dict[Tuple[WorkerState, WorkerEvent], WorkerState] = {
    (_S.BOOTING, _E.RETIRE): _S.RETIRING_UNBOOTED,
    (_S.RETIRING_UNBOOTED, _E.KEEP): _S.BOOTING,
    (_S.TAKING, _E.RETIRE): _S.RETIRING,
    (_S.RETIRING, _E.KEEP): _S.TAKING,
    (_S.TAKING, _E.DRAINED): _S.DRAINED,
    (_S.DRAINED, _E.RETIRE): _S.LEAVING,
    (_S.DRAINED, _E.LEAVE): _S.LEAVING,
    (_S.RETIRING, _E.DRAINED): _S.LEAVING,
    **{(state, _E.DRAINED): _S.LEAVING_UNBOOTED for state in (_S.BOOTING, _S.RETIRING_UNBOOTED)},
    **{(state, event): _S.LEAVING for state in (_S.TAKING, _S.RETIRING) for event in (_E.SPENT, _E.LEAVE)},
    **{
        (state, event): _S.LEAVING_UNBOOTED
        for state in (_S.BOOTING, _S.RETIRING_UNBOOTED)
        for event in (_E.SPENT, _E.LEAVE)
    },
    **{
        (state, event): _S.EXITING if state.is_booted else _S.EXITING_UNBOOTED
        for state in _S
        if not state.is_exiting
        for event in (_E.QUIT, _E.END)
    },
    **{(state, _E.ABORT): _S.ABORTED if state.is_booted else _S.ABORTED_UNBOOTED for state in _S},
}


def move_worker(state: WorkerState, event: WorkerEvent) -> Optional[WorkerState]:
    """The state after `event`, or None if the event is illegal in this state."""
    if event is WorkerEvent.READY:
        return _READY.get(state)
    if (state, event) in _ILLEGAL:
        return None
    return _MOVES.get((state, event), state)


class IllegalMove(Exception):
    pass


class WorkerLife:
    """A signal handler or another thread may move it in the middle of another move. No event is lost: events are
    appended atomically, and after storing a state, each move checks for more events.
    """

    __slots__ = ("_events", "_report_illegal", "state")

    def __init__(self, report_illegal: Callable[[str], None]) -> None:
        self._report_illegal = report_illegal
        self._events: List[WorkerEvent] = []
        self.state = WorkerState.BOOTING

    def move(self, event: WorkerEvent) -> WorkerState:
        """Returns the state before the move."""
        before = self.state
        after = move_worker(before, event)
        if after is None:
            self._refuse(before, event)
        elif after is not before:
            self._events.append(event)
            self._follow()
        return before

    def _follow(self) -> None:
        events = self._events
        followed = -1
        while followed != len(events):
            followed = len(events)
            state = WorkerState.BOOTING
            for event in events[:followed]:
                state = move_worker(state, event) or state
            self.state = state

    def _refuse(self, state: WorkerState, event: WorkerEvent) -> None:
        what = f"worker {os.getpid()}: {event.name} in state {state.name}"
        self._report_illegal(what)
        if os.environ.get(ILLEGAL_MOVES_VARIABLE) == "throw":
            raise IllegalMove(what)
