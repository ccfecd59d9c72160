"""Reports of workers and of a hook's process through pipes: a cut or foreign line does no harm."""

from __future__ import annotations

import json
import os
import sys
import unittest
from types import SimpleNamespace
from typing import Any

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "python"))

from tunicorn.forkserver.children import Children  # noqa: E402
from tunicorn.forkserver.hook_host import FAILURE_BYTES, _failure_line  # noqa: E402
from tunicorn.link.message_line import parse_message  # noqa: E402
from tunicorn.worker_context.worker_reports import REPORT_BYTES, reporter  # noqa: E402

EMOJI = "\U0001f600" * 600


class Reports(unittest.TestCase):
    def setUp(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.errors: list[str] = []
        self.children = Children(SimpleNamespace(send=self.sent.append), lambda: None)  # type: ignore[arg-type]
        (self.write_fd,) = self.children.writing_ends()
        self.addCleanup(os.close, self.write_fd)
        self.addCleanup(os.close, self.children.reports_read)

    def forward(self) -> None:
        self.children.forward_reports(SimpleNamespace(logger=SimpleNamespace(error=self.errors.append)))  # type: ignore[arg-type]

    def test_a_boot_error_of_600_emoji_arrives_as_a_message(self) -> None:
        report = reporter(self.write_fd, 12)
        report({"type": "boot-failed", "code": 3, "message": EMOJI})
        report({"type": "exiting"})
        self.forward()
        failed, exiting = self.sent
        self.assertEqual((failed["type"], failed["code"], failed["pid"]), ("boot-failed", 3, 12))
        self.assertTrue(EMOJI.startswith(failed["message"][:-3]) and failed["message"].endswith("..."))
        self.assertLessEqual(len(json.dumps(failed)), REPORT_BYTES)
        self.assertEqual(exiting, {"type": "exiting", "pid": 12})
        self.assertEqual(self.errors, [])

    def test_a_garbage_line_is_logged_and_what_follows_it_still_arrives(self) -> None:
        garbage = (b"nonsense", b'{"type": "boot-failed", "message": "\\ud83d', b"\xff\xfe", b"[]", b"")
        for line in garbage:
            os.write(self.write_fd, line + b"\n")
        os.write(self.write_fd, b'{"type": "ready", ')
        self.forward()
        os.write(self.write_fd, b'"pid": 12}\n')
        self.forward()
        self.assertEqual(self.sent, [{"type": "ready", "pid": 12}])
        self.assertEqual(len(self.errors), len(garbage))
        self.assertIn("nonsense", self.errors[0])

    def test_the_failure_of_a_hook_in_a_process_of_its_own_fits_whatever_it_says(self) -> None:
        for message, traceback in ((EMOJI, ""), ("short", EMOJI * 10), (EMOJI * 10, EMOJI * 10), ("\ud800" * 5000, "")):
            line = _failure_line({"message": message, "traceback": traceback, "code": 1})
            self.assertLessEqual(len(line), FAILURE_BYTES)
            found = parse_message(line)
            assert found is not None
            self.assertEqual((set(found), found["code"]), ({"message", "traceback", "code"}, 1))


if __name__ == "__main__":
    unittest.main()
