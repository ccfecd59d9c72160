"""worker.tmp: no file until one is needed."""

from __future__ import annotations

import os
import tempfile
import time
import unittest
from types import SimpleNamespace

import gateway_double  # noqa: F401 - puts python/ on sys.path

from tunicorn.hook_objects.worker_tmp import WorkerTmp


class Heartbeat(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.tmp = WorkerTmp(SimpleNamespace(worker_tmp_dir=folder.name))
        self.addCleanup(self.tmp.close)
        self.folder = folder.name

    def test_it_remembers_its_last_update_without_a_file(self) -> None:
        before = time.monotonic()
        self.tmp.notify()
        self.assertTrue(before <= self.tmp.last_update() <= time.monotonic())
        self.tmp.close()

    def test_its_descriptor_is_that_of_an_unlinked_file_in_worker_tmp_dir(self) -> None:
        fd = self.tmp.fileno()
        self.assertEqual(fd, self.tmp.fileno())
        self.assertTrue(os.readlink(f"/proc/self/fd/{fd}").startswith(self.folder))
        self.assertEqual(os.listdir(self.folder), [])
        self.assertFalse(os.get_inheritable(fd))

    def test_without_its_folder_the_file_is_made_elsewhere(self) -> None:
        tmp = WorkerTmp(SimpleNamespace(worker_tmp_dir=f"{self.folder}/missing"))
        self.addCleanup(tmp.close)
        self.assertGreaterEqual(tmp.fileno(), 0)

    def test_the_files_time_is_that_of_the_last_update(self) -> None:
        told = self.tmp.last_update()
        fd = self.tmp.fileno()
        self.assertAlmostEqual(os.fstat(fd).st_mtime, told, places=3)
        os.utime(fd, (1000.5, 1000.5))
        self.assertEqual(self.tmp.last_update(), 1000.5)
        self.tmp.notify()
        self.assertGreaterEqual(self.tmp.last_update(), told - 0.001)

    def test_it_can_be_closed_twice_and_used_again(self) -> None:
        self.tmp.fileno()
        self.tmp.close()
        self.tmp.close()
        self.tmp.notify()
        self.assertGreater(self.tmp.fileno(), 2)


if __name__ == "__main__":
    unittest.main()
