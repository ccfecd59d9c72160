"""The setting `spew`: prints each line of Python that a worker executes to standard output, as `module:line: source`.

The worker installs it before it loads the application. Tunicorn's own lines are left out.
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
    """For this thread, and those that are started from now on."""
    threading.settrace(_enter)
    sys.settrace(_enter)


def _enter(frame: FrameType, event: str, arg: Any) -> Trace | None:
    return None if frame.f_code.co_filename.startswith(OWN_FOLDER) else _line


def _line(frame: FrameType, event: str, arg: Any) -> Trace:
    if event == "line":
        # Looked up in the frame, and not by a call that could be traced or replaced by the application.
        module = frame.f_globals.get("__name__", "[unknown]")
        source = linecache.getline(frame.f_code.co_filename, frame.f_lineno, frame.f_globals)
        try:
            print(f"{module}:{frame.f_lineno}: {source.rstrip()}", flush=True)
        except (OSError, ValueError):
            pass  # Standard output is closed, or nobody reads it: no reason for the application to fail.
    return _line
