"""The class of `worker.tmp`."""

from __future__ import annotations

from gunicorn import _missing
from tunicorn.hook_objects.worker_tmp import WorkerTmp

__all__ = ["WorkerTmp"]

__getattr__ = _missing.getattr_of(__name__)
