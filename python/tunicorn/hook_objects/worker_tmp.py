"""`worker.tmp`: in Gunicorn, the file whose time shows the master that a worker is alive.

Here the claims board shows that, so nothing reads the file. It exists for recipes and worker classes that touch it. It
is created when its descriptor is first used, as an unlinked file in `worker_tmp_dir`, as in Gunicorn.
"""

from __future__ import annotations

import os
from time import monotonic
from typing import Any, Optional, Tuple


class WorkerTmp:
    def __init__(self, cfg: Any = None) -> None:
        self._folder: Optional[str] = getattr(cfg, "worker_tmp_dir", None)
        self._last_update = monotonic()
        self._fd: Optional[int] = None

    def notify(self) -> None:
        self._last_update = monotonic()
        if self._fd is not None:
            os.utime(self._fd, (self._last_update, self._last_update))

    def last_update(self) -> float:
        """In the time of time.monotonic(). With the file, the last update by any process that shares it."""
        return self._last_update if self._fd is None else os.fstat(self._fd).st_mtime

    def fileno(self) -> int:
        if self._fd is None:
            self._fd, path = self._made()
            os.unlink(path)
            os.utime(self._fd, (self._last_update, self._last_update))
        return self._fd

    def _made(self) -> Tuple[int, str]:
        import tempfile

        try:
            return tempfile.mkstemp(prefix="wtunicorn-", dir=self._folder)
        except OSError:
            # Like the runtime directory, which also fell back to another folder.
            return tempfile.mkstemp(prefix="wtunicorn-")

    def close(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None
