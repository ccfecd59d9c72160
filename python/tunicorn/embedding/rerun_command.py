"""The command line that runs this process's program again, or the reason why that is impossible."""

from __future__ import annotations

import builtins
import multiprocessing
import os
import sys
import threading
from typing import List

from tunicorn.embedding.initial_process import PID


class CannotRunAgain(Exception):
    """Every generation runs the program again, so only a file or a module can embed the server."""


def command_line() -> List[str]:
    """The interpreter and arguments that the process was started with."""
    _check_process()
    if not sys.executable or getattr(sys, "frozen", False):
        raise CannotRunAgain("run() needs a program that a Python interpreter runs; this one is frozen or embedded")
    arguments = _original_arguments()[1:]
    if _is_interactive(arguments):
        raise CannotRunAgain(
            "run() needs a program that can be run again, by `python FILE` or `python -m MODULE`: each generation of "
            "workers does so. Not an interactive session, a notebook or standard input"
        )
    return [sys.executable, *arguments]


def _check_process() -> None:
    if multiprocessing.parent_process() is not None or os.getpid() != PID:
        raise CannotRunAgain("run() must be called in the process that the program was started as, not in its child")
    if threading.current_thread() is not threading.main_thread():
        raise CannotRunAgain("run() must be called in the main thread")


def _original_arguments() -> List[str]:
    if sys.version_info >= (3, 10):
        return list(sys.orig_argv)
    with open("/proc/self/cmdline", "rb") as file:
        return [os.fsdecode(argument) for argument in file.read().split(b"\0")[:-1]]


def _is_interactive(arguments: List[str]) -> bool:
    # sys.argv[0] is empty for the prompt, and "-" for a program on standard input.
    return hasattr(sys, "ps1") or hasattr(builtins, "get_ipython") or not arguments or arguments[-1:] == ["-"]
