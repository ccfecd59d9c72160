from __future__ import annotations

import json
import subprocess
import sys
import unittest
from pathlib import Path

PYTHON_DIR = Path(__file__).resolve().parents[3] / "python"
sys.path.insert(0, str(PYTHON_DIR))

from tunicorn.launcher.choose_node import ChosenNode  # noqa: E402
from tunicorn.launcher.description import describe  # noqa: E402

PRINT_FLAGS = f"import sys; sys.path.insert(0, {str(PYTHON_DIR)!r})\nfrom tunicorn.launcher.description import *\n"


class Description(unittest.TestCase):
    def test_is_json_whatever_the_texts_are(self) -> None:
        text = 'a "path" with \\, \n, \x1f and é'
        said = json.loads(describe(ChosenNode("/node", text), None, ["python", text]))
        self.assertEqual((said["node"], said["givenNode"], said["again"]), (text, None, ["python", text]))
        self.assertEqual((said["python"], said["pythonVersion"]), (sys.executable, list(sys.version_info[:3])))
        self.assertEqual(json.loads(describe(ChosenNode("/node", "PATH"), "node-24", []))["givenNode"], "node-24")

    def test_the_flags_of_the_interpreter_are_passed_on(self) -> None:
        flags = ["-OO", "-s", "-Werror::ImportWarning", "-Xutf8=1", "-Xfaulthandler"]
        self.assertEqual(sorted(self.printed(flags, "interpreter_flags()")), sorted(flags))
        self.assertEqual(self.printed([], "interpreter_flags()"), [])

    def test_isolation_is_for_the_launcher_and_what_it_implies_for_the_workers(self) -> None:
        self.assertEqual(self.printed(["-I"], "interpreter_flags()"), ["-E", "-s"])
        self.assertEqual(self.printed(["-I"], "launcher_alone()")[1:4], ["-I", "-E", "-s"])

    def printed(self, flags: list[str], call: str) -> list[str]:
        code = f"{PRINT_FLAGS}print('\\n'.join({call}))"
        # An empty environment: PYTHON* variables count as flags.
        run = subprocess.run([sys.executable, *flags, "-c", code], env={}, capture_output=True, text=True, check=True)
        return run.stdout.split("\n")[:-1] if run.stdout.strip() else []


if __name__ == "__main__":
    unittest.main()
