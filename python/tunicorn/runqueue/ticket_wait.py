"""Where a worker that runs several requests at once waits for tickets: an epoll on the ticket pipe.

Workers that wait stand in a line of the kernel's, and whoever has taken a ticket goes to its end. Without that the same
worker would be the first to wake again and again, and end up with most of the WebSockets and event streams.
"""

from __future__ import annotations

import os
import select
from typing import Optional

from tunicorn.process import unpatched

# Only those that wait for it alone go to the end of the kernel's line; others are put at its beginning.
EXCLUSIVELY = select.EPOLLIN | select.EPOLLEXCLUSIVE


class TicketWait:
    def __init__(self, fd: int) -> None:
        # Another worker may be quicker; the read must not wait then.
        os.set_blocking(fd, False)
        self._fd = fd
        self._epoll = unpatched.epoll()
        self._epoll.register(fd, EXCLUSIVELY)

    def fileno(self) -> int:
        """For an event loop. One that waits for this descriptor is always woken, with all others that do; the first in
        the line is woken first.
        """
        return self._epoll.fileno()

    def wake_by(self, fd: int) -> None:
        """`wait` returns when this descriptor is readable, too."""
        self._epoll.register(fd, select.EPOLLIN)

    def wait(self, seconds: Optional[float] = None) -> None:
        """Returns when there may be a ticket. One ticket wakes one worker of those that call this."""
        self._epoll.poll(seconds)

    def go_to_end(self) -> None:
        self._epoll.unregister(self._fd)
        self._epoll.register(self._fd, EXCLUSIVELY)
