"""`worker.tmp`: in Gunicorn the file whose time a worker's heartbeat sets. Here it remembers the time, and no more."""

from __future__ import annotations

from time import monotonic


class WorkerTmp:
    def __init__(self) -> None:
        self._last_update = monotonic()

    def notify(self) -> None:
        self._last_update = monotonic()

    def last_update(self) -> float:
        return self._last_update

    def fileno(self) -> int:
        return -1

    def close(self) -> None:
        """There is nothing to close."""
