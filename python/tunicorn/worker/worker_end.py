"""The end of a worker's process: what Python does at the end of any program, in its order.

The interpreter itself is not finalised: below the worker's frames are those of the forkserver, and of a program that
embeds the server, whose `finally` clauses are not the worker's. multiprocessing ends the processes that it forks alike.
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

# Longer than a flush over a network takes, for the most part.
TELL_AFTER_SECONDS = 3.0
BOOT_FAILURE_SECONDS = 2.0


def disown_children() -> None:
    """In a process that has just been forked: multiprocessing would end its parent's children at exit, or wait for
    them.
    """
    process = sys.modules.get("multiprocessing.process")
    children: Any = getattr(process, "_children", None)
    if children is not None:
        children.clear()


def run_exit_handlers() -> None:
    """Threads that are no daemons and the jobs of executors are waited for; then whatever is registered with atexit is
    called: logging's flush, the end of multiprocessing's children, and the application's own.
    """
    for step in (threading._shutdown, atexit._run_exitfuncs):  # type: ignore[attr-defined]
        try:
            step()
        except BaseException:
            # Also SystemExit: as in any program, it is too late for another status.
            sys.excepthook(*sys.exc_info())
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:
            pass  # It has been closed, or nothing reads it.


def end_process(code: int, last_words: Callable[[], None], log: Log, patience: float, *, booted: bool) -> NoReturn:
    """`last_words` is for the arbiter, which may end the worker at once when it has them; so handlers run first, but
    nobody waits long for those of a worker that has not booted. `patience` is in seconds.
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
        unpatched.sleep(min(TELL_AFTER_SECONDS, patience / 2))
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
