"""The end of a worker's process, with the steps that Python takes at the end of any program.

The interpreter is not finalised: below the worker's frames are those of the forkserver and of an embedding program,
whose `finally` clauses must not run here. multiprocessing ends its forked processes in the same way.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
from typing import Any, Callable, List, NoReturn

from tunicorn.log.catalog import say, workers
from tunicorn.log.log_protocol import Log
from tunicorn.process import unpatched

# Usually longer than a flush over a network takes.
WARN_AFTER_SECONDS = 3.0
BOOT_FAILURE_SECONDS = 2.0


def disown_children() -> None:
    """For a process that has just been forked: multiprocessing would end its parent's children at exit, or wait for
    them.
    """
    process = sys.modules.get("multiprocessing.process")
    children: Any = getattr(process, "_children", None)
    if children is not None:
        children.clear()


def run_exit_handlers() -> None:
    """Waits for non-daemon threads and the jobs of executors, then runs the atexit handlers: logging's flush, the end
    of multiprocessing's children, and the application's own.
    """
    for step in (threading._shutdown, atexit._run_exitfuncs):  # type: ignore[attr-defined]
        try:
            step()
        except BaseException:
            # Includes SystemExit: as in any program, it is too late to change the exit status.
            sys.excepthook(*sys.exc_info())
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:
            pass  # It is closed, or has no reader.


def end_process(code: int, last_words: Callable[[], None], log: Log, patience: float, *, booted: bool) -> NoReturn:
    """`last_words` sends the last report. The arbiter may then kill the worker immediately, so exit handlers run first;
    for a worker that has not booted they get only a short time. `patience` is in seconds.
    """
    ending = unpatched.allocate_lock()

    def finish() -> NoReturn:
        ending.acquire()
        last_words()
        os._exit(code)

    def watch() -> None:
        if not booted:
            unpatched.sleep(BOOT_FAILURE_SECONDS)
            finish()
        unpatched.sleep(min(WARN_AFTER_SECONDS, patience / 2))
        say(log, workers.NOT_ENDED, pid=os.getpid(), what=what_holds_it())

    unpatched.start_thread(watch, ())
    try:
        run_exit_handlers()
    finally:
        finish()


def what_holds_it() -> str:
    main = threading.main_thread()
    threads = [thread.name for thread in threading.enumerate() if not thread.daemon and thread is not main]
    found: List[str] = []
    if threads:
        found.append(f"non-daemon threads ({', '.join(threads)})")
    process = sys.modules.get("multiprocessing.process")
    children = [child.pid for child in getattr(process, "_children", ()) if child.exitcode is None]
    if children:
        found.append(f"child processes ({', '.join(map(str, children))})")
    return " and ".join(found) or "a function registered with atexit"
