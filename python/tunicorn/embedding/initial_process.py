"""The state of this process when it first imported `tunicorn` or `gunicorn`, if possible before its program has changed
directory, forked, or started other programs.
"""

from __future__ import annotations

import os
import stat

from tunicorn.generated_facts import LINK_FD, LINK_VARIABLE


def _take_link() -> str | None:
    """The version of the arbiter that runs this program as a forkserver, or None. Programs that it
    starts must not find the variable."""
    version = os.environ.pop(LINK_VARIABLE, None)
    if version is None:
        return None
    try:
        if not stat.S_ISSOCK(os.fstat(LINK_FD).st_mode):
            return None
    except OSError:
        return None  # A program started by such a program.
    os.set_inheritable(LINK_FD, False)
    return version


def _directory() -> str:
    try:
        return os.getcwd()
    except OSError:
        return "/"  # The directory has been removed.


ARBITER_VERSION = _take_link()
DIRECTORY = _directory()
PID = os.getpid()
