"""The stacks that a worker leaves when it hangs or crashes."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import unittest

PYTHON_DIR = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", "..", "python"))

HANGING = """
import os, signal, sys
from tunicorn.worker_context.stack_file import StackFile

StackFile(sys.argv[1])

def hang():
    os.kill(os.getpid(), signal.SIGABRT)

hang()
"""


class StackFileTest(unittest.TestCase):
    def test_it_has_python_frames_and_in_every_version_no_others(self) -> None:
        with tempfile.NamedTemporaryFile("r") as file:
            environ = {**os.environ, "PYTHONPATH": PYTHON_DIR}
            subprocess.run([sys.executable, "-c", HANGING, file.name], env=environ, stderr=subprocess.DEVNULL)
            text = file.read()
        self.assertIn("in hang\n", text)
        self.assertNotIn("C stack", text)


if __name__ == "__main__":
    unittest.main()
