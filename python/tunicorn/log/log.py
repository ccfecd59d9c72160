"""The error log of a Python process: lines of forkserver and workers.

The lines have the form of src/log/log-line.ts, and go to the same file. There are no locks, and each entry is one
write(2): so it works in signal handlers and after a fork, and entries of several processes do not mix.
"""

from __future__ import annotations

import json
import os
import stat
import sys
import time
from select import POLLOUT

from tunicorn.generated_facts import LOG_LEVELS
from tunicorn.log.catalog import logs, say
from tunicorn.log.tracebacks import user_traceback
from tunicorn.process import unpatched

STDERR_FD = 2
FULL_PIPE_SECONDS = 1.0

TRACEBACK = "\nTraceback (most recent call last):"

LINE_FORMAT = "%(asctime)s [%(process)d] [%(levelname)s] %(message)s"
TIME_FORMAT = "[%Y-%m-%d %H:%M:%S %z]"


class ErrorLog:
    """`target` is `-` for stderr, or the path of a file. An unknown level means info, as in Gunicorn.

    `form` is the setting `log_format`: text or json. `process` names the writing process in JSON entries.
    """

    def __init__(self, target: str, level: str = "info", form: str = "text", process: str = "forkserver") -> None:
        # The working directory may change before the file is reopened.
        self._path = None if target == "-" else os.path.abspath(target)
        self._fd = _own_stderr() if self._path is None else _open(self._path)
        # After a reader has not read for a second, writes do not wait for it again until one succeeds.
        self._is_stuck = False
        self._loss = Loss()
        # Whether the file ends in the middle of an entry whose rest was dropped.
        self._is_torn = False
        self.level = level.lower() if level.lower() in LOG_LEVELS else "info"
        self._threshold = LOG_LEVELS[self.level]
        self.form = form
        self.process = process

    @property
    def takes_debug(self) -> bool:
        return self._threshold <= LOG_LEVELS["debug"]

    def debug(self, message: str) -> None:
        self.log("debug", message)

    def info(self, message: str) -> None:
        self.log("info", message)

    def warning(self, message: str) -> None:
        self.log("warning", message)

    def error(self, message: str) -> None:
        self.log("error", message)

    def critical(self, message: str) -> None:
        self.log("critical", message)

    def exception(self, message: str) -> None:
        """An error, with the traceback of the exception that is being handled."""
        error = sys.exc_info()[1]
        self.log("error", f"{message}\n{user_traceback(error).rstrip()}" if error is not None else message)

    def log(self, level: str, message: str) -> None:
        if LOG_LEVELS[level] < self._threshold:
            return
        if self.form == "json":
            text, found, stack = message.partition(TRACEBACK)
            self.write_entry(level, text, traceback=(found + stack)[1:] or None)
        else:
            stamp = time.strftime(TIME_FORMAT)
            self.write_bytes(
                f"{stamp} [{os.getpid()}] [{level.upper()}] {message}\n".encode("utf-8", "backslashreplace")
            )

    def write_entry(self, level: str, message: str, **more: str | None) -> None:
        """Writes a JSON entry at any level: the fields of src/log/log-line.ts, and those of `more` that are not None.
        """
        now = time.time()
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now))
        entry = {
            "time": f"{stamp}.{int(now % 1 * 1000):03d}Z",
            "log": "error",
            "level": level,
            "pid": os.getpid(),
            "process": self.process,
            "message": message,
        }
        entry.update({name: value for name, value in more.items() if value is not None})
        # ASCII, so that no reader sees a line end inside the entry.
        self.write_bytes(json.dumps(entry, separators=(",", ":")).encode("ascii") + b"\n")

    def write_bytes(self, entry: bytes) -> None:
        """Writes the entry unchanged, in one write. A log that cannot be written must not fail a request."""
        if not self._is_written(b"\n" + entry if self._is_torn else entry):
            self._loss.add()
        elif self._loss.is_to_report():
            say(self, logs.WRITTEN_AGAIN, log="error log", count=self._loss.entries)

    def _is_written(self, entry: bytes) -> bool:
        rest = memoryview(entry)
        try:
            while rest:
                try:
                    rest = rest[unpatched.write(self._fd, rest) :]
                except BlockingIOError:
                    if self._is_stuck or not _has_room(self._fd):
                        self._is_stuck = True
                        break
        except OSError:
            pass
        if len(rest) < len(entry):
            self._is_torn = bool(rest)
        if rest:
            return False
        self._is_stuck = False
        return True

    def write_errors(self, text: bytes) -> None:
        """Writes what the application wrote to wsgi.errors: unchanged, or as a JSON entry."""
        if self.form != "json":
            self.write_bytes(text)
        elif text.rstrip(b"\n"):
            self.write_entry("error", text.decode("utf-8", "backslashreplace").rstrip("\n"), logger="wsgi.errors")

    def fileno(self) -> int:
        return STDERR_FD if self._path is None else self._fd

    def reopen(self) -> None:
        """After a rotation: continues in a new file of the same name, or in the old one if that cannot be opened."""
        if self._path is None:
            return
        try:
            new = _open(self._path)
        except OSError as error:
            reason = f"{self._path!r} isn't writable [{error.strerror}]"
            say(self, logs.NOT_REOPENED, log="error log", reason=reason)
            return
        # dup2 onto the same number: a thread in the middle of a write continues with it.
        os.dup2(new, self._fd, inheritable=False)
        os.close(new)
        self._is_torn = False


def _own_stderr() -> int:
    """A descriptor for stderr that never blocks, if possible; src/log/log-file.ts says why."""
    try:
        if stat.S_ISFIFO(os.fstat(STDERR_FD).st_mode):
            return os.open(f"/proc/self/fd/{STDERR_FD}", os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        pass  # Another user's pipe, or a closed one: use stderr itself.
    return STDERR_FD


class Loss:
    """Counts the entries that this process could not write; its parent reports those from before the fork."""

    def __init__(self) -> None:
        self.entries = 0
        self._reported = 0
        self._pid = 0

    def add(self) -> None:
        if self._pid != os.getpid():
            self.entries = self._reported = 0
            self._pid = os.getpid()
        self.entries += 1

    def is_to_report(self) -> bool:
        """True only once, because the report itself is an entry."""
        is_new = self._reported != self.entries and self._pid == os.getpid()
        self._reported = self.entries
        return is_new


def _open(path: str) -> int:
    # A named pipe without a reader may lose entries, at a second each, but must not block the process forever.
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NONBLOCK, 0o666)


def _has_room(fd: int) -> bool:
    poll = unpatched.poll()
    poll.register(fd, POLLOUT)
    return bool(poll.poll(FULL_PIPE_SECONDS * 1000))
