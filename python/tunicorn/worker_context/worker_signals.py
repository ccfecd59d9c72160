"""The signal handlers of a worker, and the state that they share with the loop that serves."""

from __future__ import annotations

import signal
import time
from typing import Any, Callable, NamedTuple

from tunicorn.generated_facts import WORKER_CLASSES
from tunicorn.log.catalog import hooks, logs, say_exception
from tunicorn.log.log_protocol import Log
from tunicorn.process import forked_copy
from tunicorn.process.worker_life import WorkerEvent, WorkerLife
from tunicorn.wsgi.run_request import WorkerEnded


class Leave(BaseException):
    """Raised only out of the wait for a ticket, when the worker is to leave."""


class WorkerSignals:
    """State shared by the signal handlers and the loop that serves, beside the worker's life."""

    __slots__ = ("carry_out", "interrupts_wait", "soon", "notify_application", "term_handler", "wake")

    def __init__(self) -> None:
        # While set, the handler of a signal to leave raises Leave out of the wait for a ticket.
        self.interrupts_wait = False
        # Set by worker classes that do not wait in the main thread.
        self.wake: Callable[[], None] = lambda: None
        # Runs what a signal asks for: immediately or, if it is not urgent, where it may block. Set by classes whose
        # handlers may run in the middle of an event loop.
        self.carry_out: Callable[[Callable[[], None], bool], None] = lambda step, urgent: step()

        # Calls the application's own SIGTERM handler, if there is one and it has not been called yet.
        self.notify_application: Callable[[], None] = lambda: None
        # Set by classes with an event loop, to call that handler outside of a signal handler: uvloop raises an
        # exception of a signal handler twice.
        self.soon: Callable[[Callable[[], None]], object] = lambda step: step()
        # Our handler, which calls the application's.
        self.term_handler: Any = None

    def interrupt(self) -> None:
        """To be called when the worker's life has moved to a state in which it takes no tickets."""
        self.wake()
        if self.interrupts_wait:
            self.interrupts_wait = False
            raise Leave


class TermHandlers(NamedTuple):
    """`leave` handles SIGTERM, and does nothing if the application has its own handler; `leave_now` always leaves."""

    leave: Callable[[int, Any], None]
    leave_now: Callable[[int, Any], None]


def install_signals(worker: Any, signals: WorkerSignals, log: Log) -> TermHandlers:
    cfg = worker.cfg
    life: WorkerLife = worker.life

    def quit_now(signum: int, frame: object) -> None:
        if life.move(WorkerEvent.QUIT).is_exiting:
            return  # Ctrl-C reaches the whole process group and is passed on by the arbiter: act on it once.
        signals.interrupts_wait = False
        signals.carry_out(quit_and_say, False)

    def quit_and_say() -> None:
        hook = cfg.hook("worker_int")
        if hook is not None:
            _call(hook, worker, "worker_int", log)
            # As in Gunicorn: what the hook has started, for instance in another thread, gets a moment.
            time.sleep(0.1)
        raise WorkerEnded(0)

    def abort(signum: int, frame: object) -> None:
        life.move(WorkerEvent.ABORT)
        signals.interrupts_wait = False
        signals.carry_out(abort_and_say, True)

    def abort_and_say() -> None:
        hook = cfg.hook("worker_abort")
        if hook is not None:
            _call(hook, worker, "worker_abort", log)
        raise WorkerEnded(1)

    def reopen_logs() -> None:
        try:
            worker.log.reopen_files()
        except Exception:
            # Re-raising here would surface in whatever application code was interrupted.
            say_exception(log, logs.FILES_NOT_REOPENED)

    def leave(signum: int, frame: object) -> None:
        if signal.getsignal(signal.SIGTERM) is not leave:
            return  # The application's handler calls the one it replaced; the worker decides on its own when to leave.
        leave_now(signum, frame)

    def leave_now(signum: int, frame: object) -> None:
        before = life.move(WorkerEvent.LEAVE)
        if before.is_alive and before.is_booted and WORKER_CLASSES[worker.runs_as].concurrency != "one":
            # The signal may come from a process other than the arbiter. In-flight requests can take long: the successor
            # should not wait for them, and the arbiter must enforce graceful_timeout.
            worker.ask_for_successor()
        signals.interrupt()

    for default in (signal.SIGHUP, signal.SIGCHLD, signal.SIGTTIN, signal.SIGTTOU):
        signal.signal(default, signal.SIG_DFL)
    # SIGUSR2 makes a worker write its stacks; it must not end a worker that is still booting.
    signal.signal(signal.SIGUSR2, lambda signum, frame: None)
    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGINT, quit_now)
    signal.signal(signal.SIGQUIT, quit_now)
    signal.signal(signal.SIGABRT, abort)
    signal.signal(signal.SIGUSR1, lambda signum, frame: signals.carry_out(reopen_logs, False))
    signal.signal(signal.SIGWINCH, lambda signum, frame: None)
    for ours in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGABRT, signal.SIGUSR1, signal.SIGUSR2):
        forked_copy.keep_handler(ours)
    return TermHandlers(leave, leave_now)


def _call(hook: Callable[..., Any], worker: Any, name: str, log: Log) -> None:
    try:
        hook(worker)
    except Exception:
        # Re-raising would let the application catch it, and the worker would not leave.
        say_exception(log, hooks.RAISED, hook=name)
