"""Forwards signals that an application sends to its parent process. That is the forkserver here, but the arbiter is
meant, which gets them as messages. A signal that the terminal or systemd sends to the whole process group also reaches
the arbiter directly; by the times it recognises the two as one.
"""

from __future__ import annotations

import signal
import time
from collections import deque
from types import FrameType
from typing import TYPE_CHECKING, Any, Callable, Deque, Dict, List, Optional, cast

if TYPE_CHECKING:
    from tunicorn.link.messages import PassedSignal, Signalled

Handler = Callable[[int, Optional[FrameType]], Any]

# Handlers, not SIG_IGN: programs that a hook starts would inherit that, and ignore the signals.
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

_arrived: Deque[Signalled] = deque()
# The signal whose handler is running. A hook's handler may call the one it replaced, for a signal that the arbiter
# acts on already.
_calling: Optional[int] = None


def arrive(signum: int, frame: Optional[FrameType]) -> None:
    """Only records the signal: the main thread may be in the middle of a message to the arbiter."""
    if signum == _calling:
        return
    name = cast("PassedSignal", signal.Signals(signum).name)
    _arrived.append({"type": "signalled", "signal": name, "at_ms": time.monotonic() * 1000})


def install() -> None:
    for number in PASSED:
        signal.signal(number, arrive)


def taken() -> List[Signalled]:
    """The signals that have arrived since the last call."""
    found = []
    while _arrived:
        found.append(_arrived.popleft())
    return found


def reclaim() -> Dict[int, Handler]:
    """Restores the handlers above where others have been set, and returns the others."""
    theirs: Dict[int, Handler] = {}
    for number in PASSED:
        found = signal.getsignal(number)
        if found is not arrive:
            signal.signal(number, arrive)
            if callable(found):
                theirs[number] = found
    return theirs


def call(handler: Handler, number: int, frame: Optional[FrameType]) -> None:
    """Calls the handler as the signal would. Drops exceptions that end the process: the arbiter is ending it."""
    global _calling
    _calling = number
    try:
        handler(number, frame)
    except (SystemExit, KeyboardInterrupt):
        pass
    finally:
        _calling = None
