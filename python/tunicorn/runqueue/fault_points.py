"""Points where a test may kill or stop a worker.

`TUNICORN_FAULT=POINT:ACTION:ONCE_FILE` arms one point: the process that creates ONCE_FILE first sends itself SIGKILL
(`kill`) or SIGSTOP (`stop`) there. If it is unset, FAULT is None, and that check is the only cost on a hot path.
"""

from __future__ import annotations

import os
import signal
from typing import Callable

POINTS = (
    "after-take",
    "after-claim",
    "after-ask",
    "in-app",
    "after-head",
    "before-end",
    "after-end",
    "after-release",
)
_SIGNALS = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}


def fault_of(spec: str | None) -> Callable[[str], None] | None:
    """The function to call at every point, or None if `spec` arms none."""
    if not spec:
        return None
    point, _, rest = spec.partition(":")
    action, _, once_file = rest.partition(":")
    if point not in POINTS or action not in _SIGNALS or not once_file:
        raise ValueError(
            f"TUNICORN_FAULT is {spec!r}; it must be POINT:ACTION:ONCE_FILE, "
            f"POINT one of {', '.join(POINTS)}, ACTION one of {', '.join(_SIGNALS)}"
        )

    def fault(name: str) -> None:
        if name != point:
            return
        try:
            os.close(os.open(once_file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except FileExistsError:
            return
        os.kill(os.getpid(), _SIGNALS[action])

    return fault


FAULT = fault_of(os.environ.get("TUNICORN_FAULT"))


def fault_point(name: str) -> None:
    """For callers off the hot path; the hot path tests `FAULT is not None` itself."""
    if FAULT is not None:
        FAULT(name)
