"""TUNICORN_FAULT: the point that a test arms, and its action."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import unittest

from gateway_double import ROOT

from tunicorn.runqueue.fault_points import FAULT, fault_of

PROGRAM = """
from tunicorn.runqueue.fault_points import fault_point
fault_point("after-claim")
print("after-claim passed", flush=True)
fault_point("in-app")
print("in-app passed", flush=True)
"""


class FaultPoints(unittest.TestCase):
    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.once_file = os.path.join(directory.name, "a:once-file")

    def start(self, fault: str) -> subprocess.Popen[str]:
        environ = {**os.environ, "TUNICORN_FAULT": fault, "PYTHONPATH": os.path.join(ROOT, "python")}
        return subprocess.Popen([sys.executable, "-c", PROGRAM], env=environ, stdout=subprocess.PIPE, text=True)

    def test_nothing_is_armed_without_the_variable(self) -> None:
        self.assertIsNone(FAULT)
        self.assertIsNone(fault_of(None))
        self.assertIsNone(fault_of(""))

    def test_kill_ends_the_first_process_at_the_named_point_and_only_that_one(self) -> None:
        fault = f"in-app:kill:{self.once_file}"
        first = self.start(fault)
        self.assertEqual(first.communicate(timeout=20)[0], "after-claim passed\n")
        self.assertEqual(first.returncode, -signal.SIGKILL)
        second = self.start(fault)
        self.assertEqual(second.communicate(timeout=20)[0], "after-claim passed\nin-app passed\n")
        self.assertEqual(second.returncode, 0)

    def test_stop_halts_until_the_process_is_continued(self) -> None:
        process = self.start(f"after-claim:stop:{self.once_file}")
        _, status = os.waitpid(process.pid, os.WUNTRACED)
        self.assertTrue(os.WIFSTOPPED(status))
        process.send_signal(signal.SIGCONT)
        self.assertEqual(process.communicate(timeout=20)[0], "after-claim passed\nin-app passed\n")

    def test_a_malformed_value_is_refused_with_the_wanted_form(self) -> None:
        for spec in ("in-app", "in-app:kill", "in-app:kill:", "nowhere:kill:/x", "in-app:burn:/x"):
            with self.subTest(spec), self.assertRaisesRegex(ValueError, "POINT:ACTION:ONCE_FILE"):
                fault_of(spec)


if __name__ == "__main__":
    unittest.main()
