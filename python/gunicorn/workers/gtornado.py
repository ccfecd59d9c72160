"""worker_class tornado. Nothing of Tornado is imported here."""

from __future__ import annotations

from gunicorn import _missing
from gunicorn.workers.base import Worker


class TornadoWorker(Worker):
    """A value for worker_class; Tunicorn's own worker serves the requests."""


__getattr__ = _missing.getattr_of(__name__)
