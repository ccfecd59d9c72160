"""Everything that the module of a worker class needs to serve; worker_class.py describes the contract."""

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
    """Sends a report to the arbiter, such as `{"type": "drained"}`."""
    ready: Callable[[], None]
    """To be called once, when tickets can be taken; the worker counts as booted from then on."""
    guarded: Callable[[Callable[[], Any], str], Any]
    """Runs a step of the boot that is user code; an exception fails the boot. The text says where it happened."""
    count_ticket: Optional[Callable[[], None]]
    """Counts a request; at the last one the worker stops taking tickets. None without max_requests."""

    @property
    def life(self) -> WorkerLife:
        return self.worker.life

    @property
    def log(self) -> Log:
        log: Log = self.logs.logger
        return log
