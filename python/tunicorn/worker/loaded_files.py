"""The setting `reload`: reports the source files of this process's modules, which the arbiter watches.

A worker reports once before it is ready. Afterwards a thread reports what is imported later.
"""

from __future__ import annotations

import importlib.machinery
import json
import os
import signal
import sys
import time
from typing import Any, Iterable, Iterator, List, Set

from tunicorn.own_folder import PACKAGES_FOLDER
from tunicorn.process import unpatched
from tunicorn.worker_context.worker_reports import Report

SCAN_SECONDS = 1.0
# Workers share the pipe for reports, so each report is one write of less than PIPE_BUF; this much of it is for paths.
REPORT_BYTES = 3500
# Python trusts a cached module if its source has the same size and was changed in the same second.
CACHE_AGE_SECONDS = 2.0


class LoadedFiles:
    def __init__(self, report: Report) -> None:
        self._report = report
        self._reported: Set[str] = set()
        self._modules = 0
        # These change with an upgrade of Python or Tunicorn, not with work on an application.
        self._standard_library = tuple(os.path.join(path, "") for path in {*_standard_library()})
        self._own = os.path.join(PACKAGES_FOLDER, "")

    def report(self, more: Iterable[str] = ()) -> None:
        """Reports the files that are new since the last report, and `more`."""
        self._modules = len(sys.modules)
        new = {path for path in (*_module_files(), *more) if path not in self._reported}
        self._reported |= new
        for part in _parts(sorted(path for path in new if self._is_watched(path))):
            self._report({"type": "loaded", "files": part})

    def keep_reporting(self) -> None:
        unpatched.start_thread(self._scan, ())

    def _scan(self) -> None:
        # Signals are for the thread that serves.
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        while True:
            unpatched.sleep(SCAN_SECONDS)
            if len(sys.modules) != self._modules:
                self.report()

    def _is_watched(self, path: str) -> bool:
        if path.startswith(self._own):
            return False
        if not path.startswith(self._standard_library):
            return True
        return "site-packages" in path or "dist-packages" in path


def keep_no_young_bytecode() -> None:
    """Without this, two edits of the same length within a second would leave the bytecode of the first in use."""
    loader = importlib.machinery.SourceFileLoader
    set_data = loader.set_data

    def set_data_unless_young(self: Any, path: str, data: Any, **options: Any) -> None:
        try:
            age = time.time() - os.stat(self.path).st_mtime
        except OSError:
            return
        if age > CACHE_AGE_SECONDS:
            set_data(self, path, data, **options)

    loader.set_data = set_data_unless_young  # type: ignore[method-assign]


def _module_files() -> Iterator[str]:
    # A copy: another thread may import.
    for module in list(sys.modules.values()):
        try:
            # Bypasses the module's own attribute access, which would load a lazy module.
            path = object.__getattribute__(module, "__dict__").get("__file__")
        except AttributeError:
            continue
        if isinstance(path, str) and path:
            yield os.path.abspath(path[:-1] if path.endswith(".pyc") else path)


def _standard_library() -> Iterator[str]:
    import sysconfig

    for name in ("stdlib", "platstdlib"):
        path = sysconfig.get_path(name)
        if path:
            yield os.path.realpath(path)
            yield path


def _parts(paths: List[str]) -> Iterator[List[str]]:
    part: List[str] = []
    size = 0
    for path in paths:
        length = len(json.dumps(path)) + 2
        if length > REPORT_BYTES:
            continue
        if size + length > REPORT_BYTES:
            yield part
            part, size = [], 0
        part.append(path)
        size += length
    if part:
        yield part
