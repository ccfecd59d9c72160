"""Waits for tickets in a worker that runs concurrent requests: an epoll on the ticket pipe.

The kernel keeps waiting workers in a queue, and a worker that has taken a ticket moves to its end. Otherwise the same
worker would always wake first, and end up with most of the WebSockets and event streams.
"""

from __future__ import annotations

import os
import select
from typing import Optional

from tunicorn.process import unpatched

# Only exclusive waiters go to the end of the kernel's queue; others are put at its beginning.
EXCLUSIVELY = select.EPOLLIN | select.EPOLLEXCLUSIVE


class TicketWait:
    def __init__(self, fd: int) -> None:
        # Another worker may be quicker; the read must not block then.
        os.set_blocking(fd, False)
        self._fd = fd
        self._epoll = unpatched.epoll()
        self._epoll.register(fd, EXCLUSIVELY)

    def fileno(self) -> int:
        """For an event loop. Wakes every loop that waits for this descriptor, the first in the queue first."""
        return self._epoll.fileno()

    def wake_by(self, fd: int) -> None:
        """`wait` also returns when this descriptor is readable."""
        self._epoll.register(fd, select.EPOLLIN)

    def wait(self, seconds: Optional[float] = None) -> None:
        """Returns when a ticket may be available. One ticket wakes one of the workers that wait here."""
        self._epoll.poll(seconds)

    def go_to_end(self) -> None:
        self._epoll.unregister(self._fd)
        self._epoll.register(self._fd, EXCLUSIVELY)
