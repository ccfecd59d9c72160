"""Serves a program that embeds Tunicorn. The process of the program becomes the command. In each generation the arbiter
runs the program again, and there the same call runs the forkserver.
"""

from __future__ import annotations

import atexit
import json
import os
import sys
from typing import Any, NoReturn

from tunicorn.embedding import rerun_command
from tunicorn.embedding.initial_process import ARBITER_VERSION, DIRECTORY, PID
from tunicorn.forkserver.application_source import EmbeddedSource
from tunicorn.generated_facts import PROGRAM_VARIABLE
from tunicorn.launcher import command
from tunicorn.version import __version__


def serve(app: Any) -> NoReturn:
    """Does not return: in a forkserver it ends with SystemExit once the arbiter no longer needs it."""
    if ARBITER_VERSION is None:
        _make_way(bool(getattr(app.cfg, "has_command_line", False)))
    if ARBITER_VERSION != __version__:
        found = f"the Python package tunicorn is {__version__}"
        command.fail(f"Error: the command is Tunicorn {ARBITER_VERSION}, but {found}")
    from tunicorn.forkserver import forkserver

    # Runs before multiprocessing's own handler, which waits for its children.
    atexit.register(_end_children)
    forkserver.run(EmbeddedSource(app))
    sys.exit(0)


def _make_way(reads_command_line: bool) -> NoReturn:
    try:
        program = {
            "command": rerun_command.command_line(),
            "cwd": DIRECTORY,
            "python": list(sys.version_info[:3]),
            "readsCommandLine": reads_command_line,
        }
        _end_children()
        command.execute(sys.argv[1:] if reads_command_line else [], {PROGRAM_VARIABLE: json.dumps(program)})
    except (rerun_command.CannotRunAgain, command.CommandNotFound) as error:
        command.fail(f"Error: {error}")
    except OSError as error:
        command.fail(f"Error: the command cannot be started: {error}")


def _end_children() -> None:
    """Ends the children of multiprocessing: the program starts them again where it runs next. A worker ends its own."""
    if os.getpid() != PID:
        return
    multiprocessing = sys.modules.get("multiprocessing")
    if multiprocessing is None:
        return
    for child in multiprocessing.active_children():
        child.terminate()
        child.join(1)
