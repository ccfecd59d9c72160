"""The lifeline: a named pipe that only the arbiter writes to, so that its end is felt by every worker.

An idle worker leaves by itself at end-of-file of its ticket pipe. The lifeline is for the one that is stuck in the
application when arbiter and forkserver are both gone: nobody is left to kill it.
"""

from __future__ import annotations

import fcntl
import os
import signal

from tunicorn.process import forked_copy


def watch_lifeline(path: str, graceful_timeout: int) -> None:
    """From now on the end of the arbiter starts a clock: the process dies of SIGALRM graceful_timeout seconds later."""

    def arbiter_gone(signum: int, frame: object) -> None:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, max(graceful_timeout, 1))

    try:
        # An open file description of this process's own: owner and O_ASYNC belong to the description, and fork()
        # shares those.
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except FileNotFoundError:
        return  # The arbiter has gone already and taken its directory along.
    signal.signal(signal.SIGIO, arbiter_gone)
    forked_copy.keep_reading_end(lambda: [fd])
    forked_copy.keep_handler(signal.SIGIO)
    fcntl.fcntl(fd, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(fd, fcntl.F_SETFL, fcntl.fcntl(fd, fcntl.F_GETFL) | os.O_ASYNC)
