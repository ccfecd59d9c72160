"""Which thread of a worker takes tickets: one at a time, whose turn it is.

A thread that has taken a ticket passes its turn on before it runs the request, which may wait for a database. To wake
another thread, which then competes for the GIL, takes longer than a short request. So while requests follow each other
closely and wait for nothing, a thread keeps its turn. The next thread looks now and then whether that is still so, and
takes the turn from a thread whose request lasts.
"""

from __future__ import annotations

import resource
import threading
from typing import Dict

_LOOK_SECONDS = 0.002
# So many requests between two looks follow each other closely.
_CLOSE_REQUESTS = 4
# After so many looks without a request the worker is idle.
_IDLE_LOOKS = 25
# Requests until turns may be kept again; after each failure twice as many.
_TRIAL_REQUESTS = 64
_TRIAL_REQUESTS_LIMIT = 4096
# Between two looks the process waits so often for something else than a request: for the look, the GIL, and tickets.
_OWN_WAITS = 4


class TicketTurn:
    __slots__ = ("_is_watched", "_kept", "_lock", "_next", "_requests", "_trial_at", "_trial_requests")

    def __init__(self) -> None:
        # Locked while a thread has the turn.
        self._lock = threading.Lock()
        # Locked by the thread that is next.
        self._next = threading.Lock()
        # The thread that runs a request and has kept its turn. The turn belongs to the thread that removes it from
        # here, itself or the next one: only one of them succeeds.
        self._kept: Dict[int, bool] = {}
        # Whether the next thread looks.
        self._is_watched = False
        self._requests = 0
        self._trial_requests = _TRIAL_REQUESTS
        self._trial_at = _TRIAL_REQUESTS

    def wait(self) -> bool:
        """Waits for the turn of the calling thread. Returns True if it has kept it."""
        if self._kept and self._kept.pop(threading.get_ident(), False):
            return True
        with self._next:
            # With one thread the turn is always free.
            if not self._lock.acquire(False) and (self._requests < self._trial_at or not self._watch()):
                self._lock.acquire()
        return False

    def pass_or_keep(self) -> None:
        """The thread has taken a ticket, and runs its request next."""
        self._requests += 1
        if self._is_watched:
            me = threading.get_ident()
            self._kept[me] = True
            # The next thread stops looking before it tries to take the turn.
            if self._is_watched or not self._kept.pop(me, False):
                return
        self._lock.release()

    def give_up(self) -> None:
        """The thread takes no ticket."""
        self._lock.release()

    def _watch(self) -> bool:
        """Lets the other thread keep its turn while requests are short. Returns True if it is the caller's turn now."""
        self._is_watched = True
        requests, waits, idle_looks = self._requests, _waits(), 0
        while not self._lock.acquire(timeout=_LOOK_SECONDS):
            run, waited = self._requests - requests, _waits() - waits
            requests += run
            waits += waited
            if run >= _CLOSE_REQUESTS and waited <= _OWN_WAITS + run // 8:
                idle_looks = 0
                self._trial_requests = _TRIAL_REQUESTS
                continue
            is_idle = run == 0 and not self._kept
            idle_looks += is_idle
            if is_idle and idle_looks < _IDLE_LOOKS:
                continue
            if not is_idle:
                self._trial_requests = min(2 * self._trial_requests, _TRIAL_REQUESTS_LIMIT)
            self._trial_at = requests + self._trial_requests
            self._is_watched = False
            return self._take()
        self._is_watched = False
        return True

    def _take(self) -> bool:
        try:
            self._kept.popitem()
        except KeyError:
            # The other thread is not running a request.
            return False
        return True


def _waits() -> int:
    """How often the threads of this process have waited for something."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw
