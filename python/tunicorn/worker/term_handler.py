"""The application's own SIGTERM handler: it is called, and the worker still leaves gracefully."""

from __future__ import annotations

import signal
from typing import Any

from tunicorn.log.catalog import say_exception, workers
from tunicorn.log.log_protocol import Log
from tunicorn.process import forked_copy
from tunicorn.worker_context.worker_signals import TermHandlers, WorkerSignals

# The signal that a stop, or the end of the generation, begins; the worker goes on until its pipe ends. Its default
# action is to do nothing, which suits workers without such a handler.
END_BEGINS = signal.SIGURG


def adopt_term_handler(signals: WorkerSignals, handlers: TermHandlers, log: Log) -> None:
    """Looks for a handler that the application has set: to be called when it is loaded, and again when it has started
    up. The handler is called once, when the end begins or the worker is to leave. Whatever it does, the worker finishes
    its requests and leaves.
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
            pass  # The worker leaves anyway, but not in the middle of a request.
        except Exception:
            say_exception(log, workers.TERM_HANDLER_RAISED)

    def notify() -> None:
        if not called:
            # Not a plain call: event loops have their own way to receive signals.
            signal.raise_signal(signal.SIGTERM)

    def notify_and_stay() -> None:
        nonlocal stays
        if called:
            return
        stays = True
        notify()
        # Python runs handlers between its own instructions, not inside the system call that this handler interrupted.
        for _ in range(100):
            if not stays:
                break

    signals.term_handler = once
    signals.notify_application = notify
    signal.signal(signal.SIGTERM, once)
    signal.signal(END_BEGINS, lambda signum, frame: signals.soon(notify_and_stay))
    forked_copy.keep_handler(END_BEGINS)
    forked_copy.in_copy(lambda: _set_again(once, theirs))


def _set_again(once: Any, theirs: Any) -> None:
    if signal.getsignal(signal.SIGTERM) is once:
        signal.signal(signal.SIGTERM, theirs)
