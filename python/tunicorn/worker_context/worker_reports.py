"""Reports of a worker to the arbiter, which the forkserver passes on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable

from tunicorn.link.message_line import message_line
from tunicorn.process import unpatched

if TYPE_CHECKING:
    from tunicorn.link.messages import WorkerReport

# A report must fit into PIPE_BUF.
REPORT_BYTES = 4000

Report = Callable[["WorkerReport"], None]


def reporter(reports_fd: int, pid: int) -> Report:
    def report(message: WorkerReport) -> None:
        # One write of less than PIPE_BUF: reports of several workers never mix.
        try:
            unpatched.write(reports_fd, message_line({**message, "pid": pid}, "message", REPORT_BYTES))
        except BrokenPipeError:
            pass  # The forkserver is gone and a new generation is starting; this worker goes on until then.

    return report
