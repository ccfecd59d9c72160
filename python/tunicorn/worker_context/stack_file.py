"""The file for a worker's stacks when it hangs or crashes; the arbiter reads it."""

from __future__ import annotations

import faulthandler
import os
import signal
import sys

from tunicorn.process import forked_copy


class StackFile:
    """A C handler writes the stack, so it works even if the interpreter never gets to run the Python handler of
    SIGUSR2, for which faulthandler raises the signal again. The same holds for SIGSEGV and similar signals.
    """

    def __init__(self, path: str) -> None:
        self.fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
        if sys.version_info >= (3, 14):
            # glibc may allocate memory for a C stack, which a worker that hangs in malloc() would never get.
            faulthandler.enable(file=self.fd, all_threads=True, c_stack=False)
        else:
            faulthandler.enable(file=self.fd, all_threads=True)
        forked_copy.in_copy(self._become_copy)

    def write_at(self, number: int) -> None:
        """Makes the signal write the stacks of all threads. The signal's own handler is called as well."""
        faulthandler.register(number, file=self.fd, all_threads=True, chain=True)

    def _become_copy(self) -> None:
        """The crash of a forked copy is not the worker's crash."""
        faulthandler.unregister(signal.SIGUSR2)
        os.dup2(2, self.fd, inheritable=False)
