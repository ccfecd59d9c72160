"""capture_output: what this process writes to its standard output and error goes to the error log.

Called by the loggers, at their set-up and again after a rotation.
"""

from __future__ import annotations

import io
import os
import sys


def capture_output(fd: int) -> None:
    """`fd` is the error log's, opened for appending."""
    for number, stream in ((1, sys.stdout), (2, sys.stderr)):
        if stream is not None:
            stream.flush()
        os.dup2(fd, number)
        if isinstance(stream, io.TextIOWrapper):
            # Into a file, print() would keep what it is given until the process ends; in a log, lines are wanted now.
            stream.reconfigure(line_buffering=True)
