"""The error log of Python processes, wsgi.errors, and the logging handlers."""

from __future__ import annotations

import calendar
import logging
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

PYTHON_DIR = Path(__file__).resolve().parents[3] / "python"
sys.path.insert(0, str(PYTHON_DIR))

from tunicorn.log import logging_handler  # noqa: E402
from tunicorn.log.log import ErrorLog  # noqa: E402
from tunicorn.log.wsgi_errors import WsgiErrors  # noqa: E402

LINE = re.compile(r"\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4}\] \[(\d+)\] \[([A-Z]+)\] (.*)\Z", re.DOTALL)


class LogTest(unittest.TestCase):
    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.path = Path(directory.name) / "error.log"

    def log(self, level: str = "info", target: str | None = None) -> ErrorLog:
        log = ErrorLog(target or str(self.path), level)
        if log.fileno() > 2:
            self.addCleanup(os.close, log.fileno())
        return log

    def entries(self, path: Path | None = None) -> list[tuple[str, ...]]:
        text = (path or self.path).read_text("utf-8")
        found = []
        for entry in re.split(r"\n(?=\[|\Z)", text):
            if entry:
                match = LINE.match(entry)
                self.assertIsNotNone(match, entry)
                assert match is not None
                found.append(match.groups())
        return found


class ErrorLogTest(LogTest):
    def test_an_entry_has_time_pid_and_level_as_gunicorns(self) -> None:
        log = self.log("debug")
        for level in ("debug", "info", "warning", "error", "critical"):
            getattr(log, level)(f"a {level} message: 100% sure")
        me = str(os.getpid())
        wanted = [
            (me, level.upper(), f"a {level} message: 100% sure")
            for level in ("debug", "info", "warning", "error", "critical")
        ]
        self.assertEqual(self.entries(), wanted)

    def test_the_time_is_local(self) -> None:
        code = "from tunicorn.log.log import ErrorLog; ErrorLog('-').info('x')"
        env = {**os.environ, "TZ": "Asia/Kolkata", "PYTHONPATH": str(PYTHON_DIR)}
        before = int(time.time())
        done = subprocess.run([sys.executable, "-c", code], env=env, stderr=subprocess.PIPE, text=True, check=True)
        stamp = done.stderr[1 : done.stderr.index("]")]
        self.assertTrue(stamp.endswith(" +0530"), stamp)
        shown = calendar.timegm(time.strptime(stamp[:-6], "%Y-%m-%d %H:%M:%S")) - 5.5 * 3600
        self.assertLessEqual(before, shown)
        self.assertLessEqual(shown, time.time())

    def test_messages_below_the_level_are_left_out(self) -> None:
        log = self.log("Warning")
        log.debug("no")
        log.info("no")
        log.warning("yes")
        self.assertEqual([entry[2] for entry in self.entries()], ["yes"])

    def test_an_unknown_level_means_info(self) -> None:
        log = self.log("loud")
        self.assertEqual(log.level, "info")
        log.debug("no")
        log.info("yes")
        self.assertEqual([entry[2] for entry in self.entries()], ["yes"])

    def test_exception_has_the_traceback_in_the_same_entry(self) -> None:
        log = self.log()
        try:
            os.environ["missing"]
        except KeyError:
            log.exception("Error handling request /x")
        ((_, level, text),) = self.entries()
        self.assertEqual(level, "ERROR")
        self.assertTrue(text.startswith("Error handling request /x\nTraceback (most recent call last):\n"), text)
        self.assertTrue(text.endswith("KeyError: 'missing'"), text)

    def test_an_entry_is_one_write(self) -> None:
        read, write = os.pipe()
        self.addCleanup(os.close, read)
        log = self.log()
        os.dup2(write, log.fileno())
        os.close(write)
        os.set_blocking(read, False)
        log.info("one\ntwo\nthree")
        first = os.read(read, 65536)
        self.assertTrue(first.endswith(b"one\ntwo\nthree\n"), first)

    def test_text_that_utf_8_cannot_hold_is_escaped(self) -> None:
        log = self.log()
        log.info("zo\u00eb \udc80")
        self.assertEqual(self.entries()[0][2], "zo\u00eb \\udc80")

    def test_the_pid_is_that_of_the_process_that_writes(self) -> None:
        log = self.log()
        pid = os.fork()
        if pid == 0:
            log.info("child")
            os._exit(0)
        os.waitpid(pid, 0)
        self.assertEqual(self.entries(), [(str(pid), "INFO", "child")])

    def test_reopen_goes_on_in_a_new_file_wherever_the_process_is(self) -> None:
        start = os.getcwd()
        self.addCleanup(os.chdir, start)
        os.chdir(self.path.parent)
        log = self.log(target="error.log")
        os.chdir("/")
        log.info("before")
        rotated = self.path.with_suffix(".1")
        self.path.rename(rotated)
        log.info("between")
        log.reopen()
        log.info("after")
        self.assertEqual([entry[2] for entry in self.entries(rotated)], ["before", "between"])
        self.assertEqual([entry[2] for entry in self.entries()], ["after"])
        self.assertFalse(os.get_inheritable(log.fileno()))

    def test_reopen_that_fails_stays_with_the_old_file_and_says_so(self) -> None:
        log = self.log()
        rotated = self.path.with_suffix(".1")
        self.path.rename(rotated)
        self.path.mkdir()
        log.reopen()
        log.info("still here")
        failure, after = self.entries(rotated)
        self.assertRegex(failure[2], r"^Cannot reopen the error log: '.*' isn't writable \[Is a directory\]; keeping the old file$")
        self.assertEqual(after[2], "still here")

    def test_a_full_disk_is_no_error(self) -> None:
        log = self.log(target="/dev/full")
        log.info("lost")

    def test_a_target_that_cannot_be_opened_is_an_error_with_its_name(self) -> None:
        with self.assertRaises(OSError) as raised:
            ErrorLog("/nodir/error.log")
        self.assertEqual(raised.exception.filename, "/nodir/error.log")

    def test_lines_lost_to_a_full_disk_are_counted_in_the_log_when_there_is_room_again(self) -> None:
        self.path.symlink_to("/dev/full")
        log = self.log()
        log.info("lost")
        WsgiErrors(log).write("lost too\n")
        self.path.unlink()
        log.reopen()
        log.info("kept")
        log.info("kept, too")
        self.assertEqual(
            [entry[1:] for entry in self.entries()],
            [
                ("INFO", "kept"),
                ("ERROR", "Writing to the error log again; lines dropped so far: 2"),
                ("INFO", "kept, too"),
            ],
        )

    def test_a_forked_process_does_not_report_what_its_parent_has_dropped(self) -> None:
        self.path.symlink_to("/dev/full")
        log = self.log()
        log.info("lost")
        self.path.unlink()
        log.reopen()
        child = os.fork()
        if child == 0:
            log.info("of the child")
            os._exit(0)
        os.waitpid(child, 0)
        self.assertEqual([entry[2] for entry in self.entries()], ["of the child"])

    def test_an_entry_of_which_a_part_was_written_keeps_no_other_from_its_own_line(self) -> None:
        os.mkfifo(self.path)
        reader = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK)
        self.addCleanup(os.close, reader)
        log = self.log()
        log.info("x" * 100_000)
        os.read(reader, 200_000)
        log.info("kept")
        lines = os.read(reader, 1000).decode().split("\n")
        self.assertEqual(lines[0], "")
        self.assertTrue(lines[1].endswith("[INFO] kept"), lines)
        self.assertTrue(lines[2].endswith("lines dropped so far: 1"), lines)

    def test_a_full_non_blocking_pipe_is_waited_for(self) -> None:
        read, write = os.pipe()
        log = self.log()
        os.set_blocking(write, False)
        os.dup2(write, log.fileno())
        os.close(write)
        received = bytearray()

        def drain() -> None:
            while True:
                chunk = os.read(read, 65536)
                received.extend(chunk)
                if received.endswith(b"end\n"):
                    return

        thread = threading.Thread(target=drain)
        # More than a pipe holds, before it is read: the first write is cut off in the middle.
        writer = threading.Thread(target=lambda: log.info("x" * 300_000 + "end"))
        writer.start()
        thread.start()
        writer.join()
        thread.join()
        os.close(read)
        self.assertEqual(received.count(b"x"), 300_000)

    def test_logging_is_not_imported(self) -> None:
        code = "import sys, tunicorn.log.log; print('logging' in sys.modules)"
        env = {**os.environ, "PYTHONPATH": str(PYTHON_DIR)}
        done = subprocess.run(
            [sys.executable, "-S", "-c", code], env=env, stdout=subprocess.PIPE, text=True, check=True
        )
        self.assertEqual(done.stdout, "False\n")


class WsgiErrorsTest(LogTest):
    def test_text_goes_to_the_error_log_as_it_is(self) -> None:
        errors = WsgiErrors(self.log("critical"))
        errors.write("a line\nzo\u00eb\n")
        errors.writelines(["b", "c\n"])
        self.assertEqual(self.path.read_text("utf-8"), "a line\nzo\u00eb\nbc\n")

    def test_a_printed_line_is_one_write(self) -> None:
        read, write = os.pipe()
        self.addCleanup(os.close, read)
        log = self.log()
        os.dup2(write, log.fileno())
        os.close(write)
        os.set_blocking(read, False)
        errors = WsgiErrors(log)
        errors.write("a line without ")
        with self.assertRaises(BlockingIOError):
            os.read(read, 1)
        print("and with its end", file=errors)
        self.assertEqual(os.read(read, 65536), b"a line without and with its end\n")

    def test_flush_writes_a_part_of_a_line(self) -> None:
        errors = WsgiErrors(self.log())
        errors.write("half")
        errors.flush()
        self.assertEqual(self.path.read_text(), "half")

    def test_it_takes_text_only(self) -> None:
        with self.assertRaises(TypeError):
            WsgiErrors(self.log()).write(b"bytes")  # type: ignore[arg-type]

    def test_close_does_not_close(self) -> None:
        errors = WsgiErrors(self.log())
        errors.write("before ")
        errors.close()
        print("after", file=errors)
        self.assertFalse(errors.closed)
        self.assertEqual(self.path.read_text(), "before after\n")

    def test_it_follows_the_log_when_that_is_reopened(self) -> None:
        log = self.log()
        errors = WsgiErrors(log)
        print("old", file=errors)
        self.path.rename(self.path.with_suffix(".1"))
        log.reopen()
        print("new", file=errors)
        self.assertEqual(self.path.read_text(), "new\n")

    def test_a_subprocess_can_have_it_for_its_stderr(self) -> None:
        errors = WsgiErrors(self.log())
        subprocess.run(["sh", "-c", "echo from outside >&2"], stderr=errors, check=True)
        self.assertEqual(self.path.read_text(), "from outside\n")


class LoggingHandlersTest(LogTest):
    def setUp(self) -> None:
        super().setUp()
        for name in ("gunicorn.error", "gunicorn.access"):
            logger = logging.getLogger(name)
            self.addCleanup(setattr, logger, "handlers", logger.handlers)
            self.addCleanup(setattr, logger, "propagate", logger.propagate)
            self.addCleanup(logger.setLevel, logger.level)

    def test_gunicorns_loggers_write_the_same_lines(self) -> None:
        log = self.log("warning")
        logging_handler.install(log)
        for name in ("gunicorn.error", "gunicorn.access"):
            logger = logging.getLogger(name)
            logger.info("no")
            logger.error("%s: %d%%", name, 7)
            self.assertFalse(logger.propagate)
            self.assertEqual(logger.level, logging.WARNING)
        me = str(os.getpid())
        self.assertEqual(self.entries(), [(me, "ERROR", "gunicorn.error: 7%"), (me, "ERROR", "gunicorn.access: 7%")])

    def test_an_application_that_takes_over_the_handlers_logs_there(self) -> None:
        logging_handler.install(self.log())
        mine = logging.Logger("mine", logging.DEBUG)
        mine.handlers = logging.getLogger("gunicorn.error").handlers
        try:
            raise ValueError("boom")
        except ValueError:
            mine.exception("from the application")
        ((_, level, text),) = self.entries()
        self.assertEqual(level, "ERROR")
        self.assertTrue(text.startswith("from the application\nTraceback"), text)
        self.assertTrue(text.endswith("ValueError: boom"), text)

    def test_a_formatter_of_the_application_is_obeyed(self) -> None:
        logging_handler.install(self.log())
        logger = logging.getLogger("gunicorn.error")
        logger.handlers[0].setFormatter(logging.Formatter("<%(message)s>"))
        logger.warning("hello")
        self.assertEqual(self.path.read_text(), "<hello>\n")

    def test_installed_again_it_writes_each_line_once(self) -> None:
        log = self.log()
        logging_handler.install(log)
        logging_handler.install(log)
        logging.getLogger("gunicorn.error").info("once")
        self.assertEqual(len(self.entries()), 1)

    def test_lines_that_cannot_be_formatted_do_not_reach_the_application(self) -> None:
        logging_handler.install(self.log())
        was = logging.raiseExceptions
        logging.raiseExceptions = False
        self.addCleanup(setattr, logging, "raiseExceptions", was)
        logging.getLogger("gunicorn.error").info("%d", "not a number")
        self.assertEqual(self.path.read_text(), "")


if __name__ == "__main__":
    unittest.main()
