"""The class of the `worker` that hooks get. Tunicorn's own worker receives requests, so there is no loop to override.
"""

from __future__ import annotations

from gunicorn import _missing
from gunicorn.workers.workertmp import WorkerTmp
from tunicorn.hook_objects.worker_object import Worker

__all__ = ["Worker", "WorkerTmp"]

__getattr__ = _missing.getattr_of(__name__)
