"""The file that a worker's stacks are written to when it hangs or crashes; the arbiter reads it."""

from __future__ import annotations

import faulthandler
import os
import signal

from tunicorn.process import forked_copy


class StackFile:
    """The stack is written from a C handler, so it is there even when the interpreter never gets to run the Python one
    for SIGUSR2, for which faulthandler raises the signal again. It does the same for SIGSEGV and its like.
    """

    def __init__(self, path: str) -> None:
        self.fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
        faulthandler.enable(file=self.fd, all_threads=True)
        forked_copy.in_copy(self._become_copy)

    def write_at(self, number: int) -> None:
        """Has that signal write the stacks of all threads. The handler that is set for the signal is called, too."""
        faulthandler.register(number, file=self.fd, all_threads=True, chain=True)

    def _become_copy(self) -> None:
        """A crash of a forked copy is not the worker's."""
        faulthandler.unregister(signal.SIGUSR2)
        os.dup2(2, self.fd, inheritable=False)
