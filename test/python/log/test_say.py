"""Debug messages that a log would drop are not formatted."""

from __future__ import annotations

import os
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "python"))

from tunicorn.log.catalog import Message, say  # noqa: E402
from tunicorn.log.log import ErrorLog  # noqa: E402

DEBUG = Message("debug", "Saw {what}", cause="", remedy="")


class Noticed:
    shown = 0

    def __str__(self) -> str:
        self.shown += 1
        return "it"


class Say(unittest.TestCase):
    def test_a_debug_message_is_formatted_only_at_level_debug(self) -> None:
        for level, shown in (("debug", 1), ("info", 0)):
            with self.subTest(level=level), tempfile.TemporaryDirectory() as folder:
                what = Noticed()
                path = os.path.join(folder, "log")
                log = ErrorLog(path, level)
                say(log, DEBUG, what=what)
                os.close(log.fileno())
                with open(path, encoding="utf-8") as file:
                    self.assertEqual("Saw it" in file.read(), bool(shown))
                self.assertEqual(what.shown, shown)


if __name__ == "__main__":
    unittest.main()
