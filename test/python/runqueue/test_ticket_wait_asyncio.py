"""How event loops of several workers wait for tickets: each ticket wakes one of them, in turn."""

from __future__ import annotations

import asyncio
import json
import os
import select
import selectors
import unittest
from importlib.util import find_spec
from typing import Any, Callable, List, NamedTuple

import gateway_double  # noqa: F401 - puts python/ on sys.path

from tunicorn.asgi.loop import new_event_loop
from tunicorn.runqueue.ticket_wait_asyncio import LoopTicketWait
from tunicorn.runqueue.ticket import TICKET_BYTES

WORKERS = 4
TICKETS = 160


class Count(NamedTuple):
    taken: int
    woken: int


class TicketWaitTest(unittest.TestCase):
    def test_one_is_woken_and_all_take_turns(self) -> None:
        # uvloop is not among the packages of every Python.
        for kind in ("asyncio", "uvloop") if find_spec("uvloop") else ("asyncio",):
            for lasts in (False, True):
                with self.subTest(kind, lasts=lasts):
                    counts = share_out(lambda kind=kind: new_event_loop(kind, None), lasts)  # type: ignore[misc]
                    taken = [count.taken for count in counts]
                    self.assertEqual(sum(taken), TICKETS)
                    self.assertGreaterEqual(min(taken), TICKETS / WORKERS / 3, counts)
                    # Four times as often, if all were woken.
                    self.assertLess(sum(count.woken for count in counts), 1.5 * TICKETS, counts)

    def test_a_loop_without_an_epoll_of_its_own_to_be_found(self) -> None:
        counts = share_out(loop_of_another_kind, lasts=True)
        self.assertEqual(sum(count.taken for count in counts), TICKETS)


class OtherSelector(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        super().__init__(selectors.PollSelector())


def loop_of_another_kind() -> asyncio.AbstractEventLoop:
    return OtherSelector()


def share_out(new_loop: Callable[[], asyncio.AbstractEventLoop], lasts: bool) -> List[Count]:
    """The tickets that each of several processes gets when they arrive one after the other."""
    tickets_read, tickets_write = os.pipe()
    done_read, done_write = os.pipe()
    results = [os.pipe() for _ in range(WORKERS)]
    pids = []
    for _, result in results:
        pid = os.fork()
        if pid == 0:
            os.close(tickets_write)
            try:
                count = wait_for_tickets(new_loop(), tickets_read, done_write, lasts)
                os.write(result, json.dumps(count).encode())
            finally:
                os._exit(0)
        pids.append(pid)
    os.close(tickets_read)
    try:
        for _ in range(WORKERS):
            expect(done_read)
        for _ in range(TICKETS):
            os.write(tickets_write, bytes(TICKET_BYTES))
            expect(done_read)
        os.close(tickets_write)
        return [Count(*json.loads(os.read(result, 100))) for result, _ in results]
    finally:
        for pid in pids:
            os.waitpid(pid, 0)
        for fd in (done_read, done_write, *(fd for pair in results for fd in pair)):
            os.close(fd)


def expect(fd: int) -> None:
    if not select.select([fd], [], [], 20)[0]:
        raise AssertionError("the ticket was not taken")
    os.read(fd, 1)


def wait_for_tickets(loop: Any, tickets: int, done: int, lasts: bool) -> Count:
    taken = woken = 0
    buffer = bytearray(TICKET_BYTES)

    def take() -> None:
        nonlocal taken, woken
        woken += 1
        try:
            size = os.readv(tickets, [buffer])
        except BlockingIOError:
            return
        if size == 0:
            ticket_wait.stop()
            loop.stop()
            return
        taken += 1
        ticket_wait.has_taken(lasts)
        # When this worker waits again: until then another one would be woken.
        loop.call_later(0.002, os.write, done, b"d")

    ticket_wait = LoopTicketWait(loop, tickets, take)

    async def enter() -> None:
        ticket_wait.start()
        await asyncio.sleep(0.05)
        os.write(done, b"d")

    entering = loop.create_task(enter())
    loop.run_forever()
    assert entering.done()
    loop.close()
    # The end of the pipe wakes all of them, once.
    return Count(taken, woken - 1)


if __name__ == "__main__":
    unittest.main()
