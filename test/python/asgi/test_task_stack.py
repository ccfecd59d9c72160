"""The stacks of request tasks: written for those that wait, not for the one that blocks the loop."""

from __future__ import annotations

import asyncio
import os
import unittest
from types import SimpleNamespace

import gateway_double  # noqa: F401 - puts python/ on sys.path

from tunicorn.asgi.task_stack import write_stacks


class TaskStacks(unittest.IsolatedAsyncioTestCase):
    async def test_a_task_that_waits_has_its_frames_and_the_one_that_runs_is_left_to_its_thread(self) -> None:
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        self.addCleanup(os.close, writer)

        async def waits() -> None:
            await asyncio.sleep(60)

        waiting = asyncio.create_task(waits())
        await asyncio.sleep(0)
        running = asyncio.current_task()
        write_stacks(writer, [SimpleNamespace(id=1, task=waiting), SimpleNamespace(id=2, task=running)])
        waiting.cancel()
        written = os.read(reader, 65536).decode()
        self.assertIn("Ticket 1 (most recent call last):", written)
        self.assertIn("in waits", written)
        self.assertNotIn("Ticket 2 ", written)


if __name__ == "__main__":
    unittest.main()
