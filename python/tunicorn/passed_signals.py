"""Signals that an application sends to its parent process, which is the forkserver here: they mean the arbiter, which
gets them as messages. What the terminal or systemd sends to the whole process group reaches the arbiter, too, and by
their times it knows the two for one.
"""

from __future__ import annotations

import signal
import time
from collections import deque
from types import FrameType
from typing import Deque, List, Optional

from tunicorn.arbiter_link import Message

# Handlers, not SIG_IGN: that would be inherited by every program that a hook starts, and make it deaf.
PASSED = (
    signal.SIGHUP,
    signal.SIGINT,
    signal.SIGQUIT,
    signal.SIGTERM,
    signal.SIGTTIN,
    signal.SIGTTOU,
    signal.SIGUSR1,
    signal.SIGUSR2,
)

_arrived: Deque[Message] = deque()


def arrive(signum: int, frame: Optional[FrameType]) -> None:
    """Only notes it: the main thread may be in the middle of a message to the arbiter."""
    name = signal.Signals(signum).name
    _arrived.append({"type": "signalled", "signal": name, "at_ms": time.monotonic() * 1000})


def install() -> None:
    for number in PASSED:
        signal.signal(number, arrive)


def taken() -> List[Message]:
    """Those that have arrived since the last call."""
    found = []
    while _arrived:
        found.append(_arrived.popleft())
    return found
