"""A handler of SIGTERM that the application has set: it is called, and the worker still leaves as it should."""

from __future__ import annotations

import signal
from typing import Any

from tunicorn.log.catalog import say_exception, workers
from tunicorn.log.log_protocol import Log
from tunicorn.process import forked_copy
from tunicorn.worker_context.worker_signals import TermHandlers, WorkerSignals

# A stop or the end of the generation begins; the worker goes on until its pipe ends. To a worker that has no use for it
# the signal does nothing, by default.
END_BEGINS = signal.SIGURG


def adopt_term_handler(signals: WorkerSignals, handlers: TermHandlers, log: Log) -> None:
    """Once the application is loaded, and again when it has started up: it may have set a handler of its own. That is
    called once, when the end begins or the worker is to leave; and whatever it does, the worker finishes its requests
    and leaves.
    """
    theirs = signal.getsignal(signal.SIGTERM)
    if theirs is handlers.leave or theirs is signals.term_handler or not callable(theirs):
        return
    called = False
    stays = False

    def once(signum: int, frame: Any) -> None:
        nonlocal called, stays
        leaves, stays = not stays, False
        if not called:
            called = True
            _call_theirs(signum, frame)
        if leaves:
            handlers.leave_now(signum, frame)

    def _call_theirs(signum: int, frame: Any) -> None:
        try:
            theirs(signum, frame)
        except (SystemExit, KeyboardInterrupt):
            pass  # It leaves all the same, but not in the middle of a request.
        except Exception:
            say_exception(log, workers.TERM_HANDLER_RAISED)

    def tell() -> None:
        if not called:
            # Not a plain call: an event loop hears of signals in its own way.
            signal.raise_signal(signal.SIGTERM)

    def tell_and_stay() -> None:
        nonlocal stays
        if called:
            return
        stays = True
        tell()
        # Python calls handlers between its own instructions: not in a system call that this one has interrupted.
        for _ in range(100):
            if not stays:
                break

    signals.term_handler = once
    signals.tell_application = tell
    signal.signal(signal.SIGTERM, once)
    signal.signal(END_BEGINS, lambda signum, frame: signals.soon(tell_and_stay))
    forked_copy.keep_handler(END_BEGINS)
    forked_copy.in_copy(lambda: _set_again(once, theirs))


def _set_again(once: Any, theirs: Any) -> None:
    if signal.getsignal(signal.SIGTERM) is once:
        signal.signal(signal.SIGTERM, theirs)
