"""Signals that an application sends to its parent process, which is the forkserver here: they mean the arbiter, which
gets them as messages. What the terminal or systemd sends to the whole process group reaches the arbiter, too, and by
their times it knows the two for one.
"""

from __future__ import annotations

import signal
import time
from collections import deque
from types import FrameType
from typing import Any, Callable, Deque, Dict, List, Optional

from tunicorn.forkserver.arbiter_link import Message

Handler = Callable[[int, Optional[FrameType]], Any]

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
# A handler of a hook's may call the one that it has replaced, for a signal that the arbiter acts on already.
_calling: Optional[int] = None


def arrive(signum: int, frame: Optional[FrameType]) -> None:
    """Only notes it: the main thread may be in the middle of a message to the arbiter."""
    if signum == _calling:
        return
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


def reclaim() -> Dict[int, Handler]:
    """Sets the handlers above again where others have been set, and returns those."""
    theirs: Dict[int, Handler] = {}
    for number in PASSED:
        found = signal.getsignal(number)
        if found is not arrive:
            signal.signal(number, arrive)
            if callable(found):
                theirs[number] = found
    return theirs


def call(handler: Handler, number: int, frame: Optional[FrameType]) -> None:
    """As the signal would. What it raises to end the process is no more than the arbiter is about."""
    global _calling
    _calling = number
    try:
        handler(number, frame)
    except (SystemExit, KeyboardInterrupt):
        pass
    finally:
        _calling = None
