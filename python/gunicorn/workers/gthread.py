"""worker_class gthread: threads."""

from __future__ import annotations

from gunicorn import _missing
from gunicorn.workers.base import Worker


class ThreadWorker(Worker):
    """A name for worker_class; requests are served by Tunicorn's own worker."""


__getattr__ = _missing.getattr_of(__name__)
