"""What worker.py hands to the module that serves a worker's requests (worker_class.py says what that has to do)."""

from __future__ import annotations

from typing import Any, Callable, Dict, NamedTuple

from tunicorn.claims_board import ClaimSlot
from tunicorn.gateway_channels import GatewayChannels
from tunicorn.log import ErrorLog
from tunicorn.worker_object import Worker
from tunicorn.worker_settings import WorkerSettings
from tunicorn.worker_signals import Life
from tunicorn.wsgi.run_request import RequestRunner


class Duty(NamedTuple):
    settings: WorkerSettings
    worker: Worker
    life: Life
    tickets_fd: int
    claim: ClaimSlot
    channels: GatewayChannels
    runner: Callable[[], RequestRunner]
    """Makes a request runner; a class that runs several requests at once takes one for each thread."""
    log: ErrorLog
    report: Callable[[Dict[str, Any]], None]
    """To the arbiter: `{"type": "drained"}` and the like."""
