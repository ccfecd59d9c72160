"""The reading end of a generation's ticket pipe, which its forkserver opens and its workers inherit."""

from __future__ import annotations

import fcntl
import os
from typing import List

from tunicorn.link.worker_settings import WorkerSettings
from tunicorn.runqueue.ticket import TICKET_BYTES

F_SETPIPE_SZ = 1031
# 256 tickets: the default limit of an unprivileged process (/proc/sys/fs/pipe-max-size).
WANTED_PIPE_BYTES = 1 << 20


class TicketPipe:
    def __init__(self, settings: WorkerSettings) -> None:
        for path in (settings.tickets_path, settings.lifeline_path):
            if not os.path.exists(path):
                os.mkfifo(path, 0o600)
                if os.geteuid() == 0:
                    os.chown(path, settings.user_id, settings.group_id)
        # The arbiter can open the lifeline for writing only while it has a reader.
        self._lifeline_fd = os.open(settings.lifeline_path, os.O_RDONLY | os.O_NONBLOCK)
        # Without O_NONBLOCK, open() would wait for a writer. It is removed again, since the workers' reads must block.
        self.fd = os.open(settings.tickets_path, os.O_RDONLY | os.O_NONBLOCK)
        os.set_blocking(self.fd, True)

    def descriptors(self) -> List[int]:
        return [self.fd, self._lifeline_fd]

    def widen(self) -> int:
        """Returns the number of tickets that the pipe holds."""
        try:
            return int(fcntl.fcntl(self.fd, F_SETPIPE_SZ, WANTED_PIPE_BYTES)) // TICKET_BYTES
        except OSError:
            # EPERM: above /proc/sys/fs/pipe-user-pages-soft. The default pipe holds 16 tickets, enough to serve.
            return 16
