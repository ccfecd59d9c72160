"""The setting `spew`: prints each line of Python that a worker executes to standard output, as `module:line: source`.

It is installed before the application is loaded. Tunicorn's own lines are left out.
"""

from __future__ import annotations

import linecache
import sys
import threading
from types import FrameType
from typing import Any, Callable, Optional

from tunicorn.own_folder import OWN_FOLDER

Trace = Callable[[FrameType, str, Any], Optional[Any]]


def install() -> None:
    """For this thread and all threads started later."""
    threading.settrace(_enter)
    sys.settrace(_enter)


def _enter(frame: FrameType, event: str, arg: Any) -> Trace | None:
    return None if frame.f_code.co_filename.startswith(OWN_FOLDER) else _line


def _line(frame: FrameType, event: str, arg: Any) -> Trace:
    if event == "line":
        # Looked up in the frame: a call could be traced, or replaced by the application.
        module = frame.f_globals.get("__name__", "[unknown]")
        source = linecache.getline(frame.f_code.co_filename, frame.f_lineno, frame.f_globals)
        try:
            print(f"{module}:{frame.f_lineno}: {source.rstrip()}", flush=True)
        except (OSError, ValueError):
            pass  # Standard output is closed or has no reader; the application must not fail because of it.
    return _line
