"""The setting capture_output: redirects standard output and error of this process to the error log."""

from __future__ import annotations

import io
import os
import sys


def capture_output(fd: int) -> None:
    """`fd` is the error log, opened for appending."""
    for number, stream in ((1, sys.stdout), (2, sys.stderr)):
        if stream is not None:
            stream.flush()
        os.dup2(fd, number)
        if isinstance(stream, io.TextIOWrapper):
            # Writing to a file, print() would buffer until the process ends; a log needs its lines immediately.
            stream.reconfigure(line_buffering=True)
