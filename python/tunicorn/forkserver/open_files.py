"""Restores the operator's soft limit of open files, which Node raises for itself and its children."""

from __future__ import annotations

import os
import resource

from tunicorn.generated_facts import OPEN_FILES_VARIABLE


def restore() -> None:
    """Child processes must not inherit the variable."""
    given = os.environ.pop(OPEN_FILES_VARIABLE, "")
    if not given.isdigit():
        return
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    soft = int(given)
    if hard == resource.RLIM_INFINITY or soft <= hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
