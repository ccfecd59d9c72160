"""Waits for tickets in an event loop.

The ticket pipe is in the loop's own epoll with EPOLLEXCLUSIVE, so one ticket wakes one of the waiting loops. The loop's
own add_reader() would wake all of them for each ticket.
"""

from __future__ import annotations

import asyncio
import os
import select
from typing import Any, Callable, Optional

from tunicorn.runqueue.ticket_wait import EXCLUSIVELY, TicketWait

# uvloop registers watched descriptors a turn or two later.
_TURNS = 10
# After this many turns with tickets a worker moves to the end of the queue, so that it is not always the first to wake.
# More often would be fairer, but costs two system calls each time.
_TAKING_TURNS = 16


class LoopTicketWait:
    """`on_ticket` is called when a ticket may be available."""

    def __init__(self, loop: asyncio.AbstractEventLoop, fd: int, on_ticket: Callable[[], None]) -> None:
        os.set_blocking(fd, False)
        self._loop = loop
        self._on_ticket = on_ticket
        self._fd = fd
        self._epoll = _epoll_of(loop)
        # For a loop whose epoll cannot be found.
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
        """The worker has taken a ticket in this turn of the loop. `lasts`: its request is not short, so the next one is
        for another worker.
        """
        self._taken += 1
        if self._taken >= _TAKING_TURNS or lasts:
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
            # If it were registered before the loop does so itself, it would conflict with the loop.
            if turns > 0 and self._loop.is_running():
                self._loop.call_soon(self._make_exclusive, epoll, turns - 1)
            return
        epoll.register(self._fd, EXCLUSIVELY)
        self._is_exclusive = True


def _epoll_of(loop: Any) -> Optional[select.epoll]:
    """The epoll of uvloop or asyncio; neither has a public name."""
    try:
        fd = loop._get_backend_id() if hasattr(loop, "_get_backend_id") else loop._selector.fileno()
        if os.readlink(f"/proc/self/fd/{fd}") != "anon_inode:[eventpoll]":
            return None
    except (AttributeError, OSError):
        return None
    # A duplicate, because the object closes its descriptor when it is freed.
    return select.epoll.fromfd(os.dup(fd))
