"""The lifeline: a named pipe that only the arbiter holds open for writing, so every worker notices its end.

An idle worker leaves at end-of-file of its ticket pipe. The lifeline ends workers that are stuck in the application
when arbiter and forkserver are both gone and no process is left to kill them.
"""

from __future__ import annotations

import fcntl
import os
import signal

from tunicorn.process import forked_copy


def watch_lifeline(path: str, graceful_timeout: int) -> None:
    """From now on, SIGALRM kills the process graceful_timeout seconds after the arbiter has ended."""

    def arbiter_gone(signum: int, frame: object) -> None:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, max(graceful_timeout, 1))

    try:
        # An open file description of its own: owner and O_ASYNC belong to the description, and fork()
        # shares those.
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except FileNotFoundError:
        return  # The arbiter is gone already, and has removed its directory.
    signal.signal(signal.SIGIO, arbiter_gone)
    forked_copy.keep_reading_end(lambda: [fd])
    forked_copy.keep_handler(signal.SIGIO)
    fcntl.fcntl(fd, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(fd, fcntl.F_SETFL, fcntl.fcntl(fd, fcntl.F_GETFL) | os.O_ASYNC)
