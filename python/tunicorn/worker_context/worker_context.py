"""What the module of a worker class gets in order to serve (worker_class.py says what it has to do with it)."""

from __future__ import annotations

from typing import Any, Callable, NamedTuple, Optional

from tunicorn.hook_objects.worker_object import Worker
from tunicorn.link.worker_settings import WorkerSettings
from tunicorn.log.log_protocol import Log
from tunicorn.log.python_log import Logs
from tunicorn.process.worker_life import WorkerLife
from tunicorn.worker_context.request_slot import RequestSlots
from tunicorn.worker_context.stack_file import StackFile
from tunicorn.worker_context.worker_reports import Report
from tunicorn.worker_context.worker_signals import WorkerSignals


class WorkerContext(NamedTuple):
    settings: WorkerSettings
    worker: Worker
    signals: WorkerSignals
    stacks: StackFile
    tickets_fd: int
    slots: RequestSlots
    logs: Logs
    report: Report
    """To the arbiter: `{"type": "drained"}` and the like."""
    ready: Callable[[], None]
    """Call it once, when tickets can be taken: the worker counts as booted from then on."""
    guarded: Callable[[Callable[[], Any], str], Any]
    """Runs a step of the boot that is user's code: what it raises is the failure of the boot. The text says where."""
    count_ticket: Optional[Callable[[], None]]
    """Counts a taken request; the last one ends the taking. None without max_requests."""

    @property
    def life(self) -> WorkerLife:
        return self.worker.life

    @property
    def log(self) -> Log:
        log: Log = self.logs.logger
        return log
