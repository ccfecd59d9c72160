"""What waits for a future goes on at once where a callback of the loop completes it."""

from __future__ import annotations

import asyncio
import unittest
from typing import Any, Callable, List

import asgi_doubles  # noqa: F401 - puts python/ on sys.path

from tunicorn.asgi.loop import new_event_loop
from tunicorn.asgi.next_turn import NextTurn
from tunicorn.asgi.waiters import Waiters


def in_callback(main: Callable[[asyncio.AbstractEventLoop, List[Any]], Any]) -> List[List[Any]]:
    """What `main` has noted, for each kind of loop."""
    noted = []
    for kind in ("asyncio", "auto"):
        loop = new_event_loop(kind, None)
        notes: List[Any] = []
        try:
            loop.run_until_complete(main(loop, notes))
        finally:
            loop.close()
        noted.append(notes)
    return noted


class NextTurnTest(unittest.TestCase):
    def test_all_waiters_go_on_before_the_wake_returns_and_may_wait_again(self) -> None:
        async def main(loop: asyncio.AbstractEventLoop, notes: List[Any]) -> None:
            waiters, next_turn = Waiters(loop), NextTurn(loop)

            async def wait(name: str) -> None:
                for round in range(2):
                    await waiters.wait()
                    notes.append((name, round, asyncio.current_task() is tasks[name]))

            def wake() -> None:
                waiters.wake_now(next_turn)
                notes.append("woken")

            tasks = {name: loop.create_task(wait(name)) for name in "ab"}
            await asyncio.sleep(0)
            loop.call_soon(wake)
            loop.call_soon(wake)
            await asyncio.wait_for(asyncio.gather(*tasks.values()), 10)

        for notes in in_callback(main):
            self.assertEqual(
                notes, [("a", 0, True), ("b", 0, True), "woken", ("a", 1, True), ("b", 1, True), "woken"]
            )

    def test_a_waiter_that_was_cancelled_is_passed_over(self) -> None:
        async def main(loop: asyncio.AbstractEventLoop, notes: List[Any]) -> None:
            waiters, next_turn = Waiters(loop), NextTurn(loop)
            task = loop.create_task(waiters.wait())
            await asyncio.sleep(0)
            task.cancel()
            loop.call_soon(waiters.wake_now, next_turn)
            await asyncio.wait([task])
            notes.append(task.cancelled())

        self.assertEqual(in_callback(main), [[True], [True]])

    def test_a_future_with_several_callbacks_completes_as_usual(self) -> None:
        async def main(loop: asyncio.AbstractEventLoop, notes: List[Any]) -> None:
            future = loop.create_future()
            for name in "abc":
                future.add_done_callback(lambda _, name=name: notes.append(name))
            loop.call_soon(NextTurn(loop).wake, future)
            await asyncio.sleep(0.01)

        self.assertEqual(in_callback(main), [["a", "b", "c"]] * 2)


if __name__ == "__main__":
    unittest.main()
