"""How an event loop waits for tickets.

The loop's own epoll has the ticket pipe with EPOLLEXCLUSIVE, so that one ticket wakes one loop of those that wait. What
an event loop offers, watching a descriptor, would wake all of them for each ticket.
"""

from __future__ import annotations

import asyncio
import os
import select
from typing import Any, Callable, Optional

from tunicorn.runqueue.ticket_wait import EXCLUSIVELY, TicketWait

# uvloop registers what it is to watch a turn or two later.
_TURNS = 10
# Whoever has taken so many tickets goes to the end of the line, lest the same worker be the first to wake for ever.
# More often would be fairer, and costs two system calls each time.
_TICKETS = 16


class LoopTicketWait:
    """`on_ticket` is called when there may be a ticket."""

    def __init__(self, loop: asyncio.AbstractEventLoop, fd: int, on_ticket: Callable[[], None]) -> None:
        os.set_blocking(fd, False)
        self._loop = loop
        self._on_ticket = on_ticket
        self._fd = fd
        self._epoll = _epoll_of(loop)
        # For a loop that has no epoll that can be found.
        self._own_epoll = TicketWait(fd) if self._epoll is None else None
        self._watched = fd if self._own_epoll is None else self._own_epoll.fileno()
        self._is_exclusive = False
        self._taken = 0

    def start(self) -> None:
        self._loop.add_reader(self._watched, self._on_ticket)
        if self._epoll is not None:
            self._make_exclusive(self._epoll, _TURNS)

    def stop(self) -> None:
        self._is_exclusive = False
        self._loop.remove_reader(self._watched)

    def has_taken(self, lasts: bool) -> None:
        """A ticket. `lasts`: what it was taken for is not a short affair, and the next one is for somebody else."""
        self._taken += 1
        if self._taken >= _TICKETS or lasts:
            self._taken = 0
            self._go_to_end()

    def _go_to_end(self) -> None:
        if self._own_epoll is not None:
            self._own_epoll.go_to_end()
        elif self._is_exclusive and self._epoll is not None:
            self._epoll.unregister(self._fd)
            self._epoll.register(self._fd, EXCLUSIVELY)

    def _make_exclusive(self, epoll: select.epoll, turns: int) -> None:
        try:
            epoll.unregister(self._fd)
        except FileNotFoundError:
            # Registered before the loop does it by itself, it would be in the loop's way.
            if turns > 0 and self._loop.is_running():
                self._loop.call_soon(self._make_exclusive, epoll, turns - 1)
            return
        epoll.register(self._fd, EXCLUSIVELY)
        self._is_exclusive = True


def _epoll_of(loop: Any) -> Optional[select.epoll]:
    """uvloop's, or asyncio's; neither has a public name."""
    try:
        fd = loop._get_backend_id() if hasattr(loop, "_get_backend_id") else loop._selector.fileno()
        if os.readlink(f"/proc/self/fd/{fd}") != "anon_inode:[eventpoll]":
            return None
    except (AttributeError, OSError):
        return None
    # The object closes its descriptor when it goes; the loop's is the loop's.
    return select.epoll.fromfd(os.dup(fd))
