"""worker_class gevent. Nothing of gevent is imported here."""

from __future__ import annotations

from gunicorn import _missing
from gunicorn.workers.base_async import AsyncWorker


class GeventWorker(AsyncWorker):
    """A name for worker_class; requests are served by Tunicorn's own worker."""


class GeventPyWSGIWorker(GeventWorker):
    """A name for worker_class; requests are served by Tunicorn's own worker."""


__getattr__ = _missing.getattr_of(__name__)
