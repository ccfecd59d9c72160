"""worker_class gevent. Nothing of gevent is imported here."""

from __future__ import annotations

from gunicorn import _missing
from gunicorn.workers.base_async import AsyncWorker


class GeventWorker(AsyncWorker):
    """A value for worker_class; Tunicorn's own worker serves the requests."""


class GeventPyWSGIWorker(GeventWorker):
    """A value for worker_class; Tunicorn's own worker serves the requests."""


__getattr__ = _missing.getattr_of(__name__)
