"""`worker.tmp`: in Gunicorn the file by whose time the master tells that a worker lives.

Here the claims board tells that, so nothing reads the file. It is for recipes and worker classes that touch it, and is
made when somebody asks for its descriptor: then it is what Gunicorn's is, an unlinked file in `worker_tmp_dir`.
"""

from __future__ import annotations

import os
import tempfile
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
        """In the time of time.monotonic(). With the file, what any process that shares it has noted."""
        return self._last_update if self._fd is None else os.fstat(self._fd).st_mtime

    def fileno(self) -> int:
        if self._fd is None:
            self._fd, path = self._made()
            os.unlink(path)
            os.utime(self._fd, (self._last_update, self._last_update))
        return self._fd

    def _made(self) -> Tuple[int, str]:
        try:
            return tempfile.mkstemp(prefix="wtunicorn-", dir=self._folder)
        except OSError:
            # As the runtime directory, which has found another place, too.
            return tempfile.mkstemp(prefix="wtunicorn-")

    def close(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None
