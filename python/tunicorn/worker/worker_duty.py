"""What worker.py hands to the module that serves a worker's requests (worker_class.py says what that has to do)."""

from __future__ import annotations

from typing import Any, Callable, Dict, NamedTuple, Optional

from tunicorn.hook_objects.worker_object import Worker
from tunicorn.log.log import Log
from tunicorn.worker.request_slot import Place, Places
from tunicorn.worker.worker_settings import WorkerSettings
from tunicorn.worker.worker_signals import Life
from tunicorn.wsgi.run_request import RequestRunner


class Duty(NamedTuple):
    settings: WorkerSettings
    worker: Worker
    life: Life
    tickets_fd: int
    places: Places
    runner: Callable[[Place], RequestRunner]
    """Makes a request runner for a place."""
    log: Log
    logs_access: bool
    """Whether the worker calls `log.access()` after each request."""
    report: Callable[[Dict[str, Any]], None]
    """To the arbiter: `{"type": "drained"}` and the like."""
    ready: Callable[[], None]
    """Call it once, when tickets can be taken: the worker counts as booted from then on."""
    guarded: Callable[[Callable[[], Any], str], Any]
    """Runs a step of the boot that is user's code: what it raises is the failure of the boot. The text says where."""
    took: Optional[Callable[[], bool]]
    """Call it for each request that the worker has taken, before it runs: true with the last one, after which it takes
    no more, finishes what it runs, and returns. None without max_requests.
    """
