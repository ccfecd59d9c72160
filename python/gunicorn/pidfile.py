"""A file that holds a process id. The arbiter writes Tunicorn's own; this class is for programs that need another."""

from __future__ import annotations

import os
import tempfile
from typing import Optional

from gunicorn import _missing


class Pidfile:
    def __init__(self, fname: str) -> None:
        self.fname = fname
        self.pid: Optional[int] = None

    def create(self, pid: int) -> None:
        """Raises RuntimeError if the file names another living process."""
        other = self.validate()
        if other == os.getpid():
            return
        if other:
            raise RuntimeError(f"Already running on PID {other} (or pid file '{self.fname}' is stale)")
        self.pid = pid
        fd, temporary = tempfile.mkstemp(dir=os.path.dirname(self.fname) or ".")
        with os.fdopen(fd, "w") as file:
            file.write(f"{pid}\n")
        os.rename(temporary, self.fname)
        os.chmod(self.fname, 0o644)

    def rename(self, path: str) -> None:
        self.unlink()
        self.fname = path
        if self.pid is not None:
            self.create(self.pid)

    def unlink(self) -> None:
        """Removes the file, if it still names this process."""
        try:
            with open(self.fname) as file:
                mine = int(file.read() or 0) == self.pid
            if mine:
                os.unlink(self.fname)
        except (OSError, ValueError):
            return

    def validate(self) -> Optional[int]:
        """The process that the file names, if it is alive."""
        try:
            with open(self.fname) as file:
                pid = int(file.read())
            os.kill(pid, 0)
        except PermissionError:
            return pid
        except (OSError, ValueError):
            return None
        return pid


__getattr__ = _missing.getattr_of(__name__)
