"""How the task of a request starts: its first step runs at once, in every other respect like the step of any task."""

from __future__ import annotations

import asyncio
import contextvars
import unittest
from typing import Any, Callable, List

import asgi_doubles  # noqa: F401 - puts python/ on sys.path

from tunicorn.asgi.loop import new_event_loop
from tunicorn.asgi.task_start import Start, task_start

_variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="the worker's")


class TaskStartTest(unittest.TestCase):
    def in_callback(self, steps: Callable[[Start], None], seconds: float = 0.0) -> None:
        """Calls `steps` in a callback of each kind of loop, which then goes on for a while."""
        for kind in ("asyncio", "auto"):
            with self.subTest(kind):
                loop = new_event_loop(kind, None)

                async def main(loop: asyncio.AbstractEventLoop = loop) -> None:
                    start = task_start(loop)
                    done = loop.create_future()

                    def call() -> None:
                        try:
                            steps(start)
                        except BaseException as error:
                            done.set_exception(error)
                        else:
                            done.set_result(None)

                    loop.call_soon(call)
                    await done
                    await asyncio.sleep(seconds)

                try:
                    loop.run_until_complete(main())
                finally:
                    loop.close()

    def test_a_request_that_does_not_wait_is_over_at_once(self) -> None:
        def steps(start: Start) -> None:
            seen: List[Any] = []

            async def request() -> None:
                seen.append(asyncio.current_task())
                seen.append(asyncio.get_running_loop().is_running())

            task = start(request())
            self.assertTrue(task.done())
            self.assertEqual(seen, [task, True])
            self.assertIsNone(asyncio.current_task())

        self.in_callback(steps)

    def test_one_that_waits_goes_on_in_the_same_task(self) -> None:
        tasks: List[Any] = []

        async def request() -> None:
            tasks.append(asyncio.current_task())
            await asyncio.sleep(0)
            tasks.append(asyncio.current_task())

        def steps(start: Start) -> None:
            tasks.clear()
            tasks.append(start(request()))
            self.assertFalse(tasks[0].done())
            self.assertIn(tasks[0], asyncio.all_tasks())
            self.addCleanup(lambda: self.assertEqual(len(set(tasks)), 1))

        self.in_callback(steps, 0.02)
        self.assertEqual(len(tasks), 3)

    def test_variables_of_one_request_are_not_those_of_another(self) -> None:
        def steps(start: Start) -> None:
            seen: List[str] = []

            async def request(value: str) -> None:
                seen.append(_variable.get())
                _variable.set(value)

            start(request("one's"))
            start(request("another's"))
            self.assertEqual(seen, ["the worker's"] * 2)
            self.assertEqual(_variable.get(), "the worker's")

        self.in_callback(steps)

    def test_one_can_be_cancelled_and_its_exception_is_the_tasks(self) -> None:
        def steps(start: Start) -> None:
            async def waits() -> None:
                await asyncio.sleep(100)

            async def fails() -> None:
                raise ValueError("mine")

            start(waits()).cancel()
            self.assertEqual(str(start(fails()).exception()), "mine")

        self.in_callback(steps)

    def test_the_loop_is_as_before(self) -> None:
        def steps(start: Start) -> None:
            async def request() -> None:
                asyncio.get_running_loop().call_soon(called.append, 1)
                inner = asyncio.ensure_future(asyncio.sleep(0))
                self.assertFalse(inner.done())

            called: List[int] = []
            start(request())
            self.assertEqual(called, [])
            self.assertNotIn("call_soon", vars(asyncio.get_running_loop()))

        self.in_callback(steps)

    def test_an_application_has_its_own_task_factory(self) -> None:
        def steps(start: Start) -> None:
            made: List[Any] = []

            def factory(loop: asyncio.AbstractEventLoop, coroutine: Any, **options: Any) -> Any:
                made.append(coroutine)
                return asyncio.Task(coroutine, loop=loop, **options)

            async def request() -> None:
                pass

            asyncio.get_running_loop().set_task_factory(factory)
            coroutine = request()
            self.assertFalse(start(coroutine).done())
            self.assertEqual(made, [coroutine])

        self.in_callback(steps, 0.01)


if __name__ == "__main__":
    unittest.main()
