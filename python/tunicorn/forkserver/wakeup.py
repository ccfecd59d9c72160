"""A pipe that becomes readable when a signal arrives, for a polling loop."""

from __future__ import annotations

import os
import signal
from typing import List

from tunicorn.process import unpatched


class Wakeup:
    def __init__(self) -> None:
        self.reading_end, self._writing_end = os.pipe()
        for fd in (self.reading_end, self._writing_end):
            os.set_blocking(fd, False)
        # Without a handler, the exit of a child would not wake the loop.
        signal.signal(signal.SIGCHLD, lambda signum, frame: None)
        signal.set_wakeup_fd(self._writing_end, warn_on_full_buffer=False)

    def writing_ends(self) -> List[int]:
        return [self._writing_end]

    def take(self) -> None:
        unpatched.read(self.reading_end, 4096)

    def close_in_child(self) -> None:
        signal.set_wakeup_fd(-1)
        os.close(self.reading_end)
        os.close(self._writing_end)
