"""The signals of a worker, and what the handlers share with the loop that serves."""

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
    """Raised out of the wait for a ticket, and nowhere else, when the worker is to go."""


class WorkerSignals:
    """What the signal handlers and the loop that serves share, beside the worker's life."""

    __slots__ = ("carry_out", "interrupts_wait", "soon", "tell_application", "term_handler", "wake")

    def __init__(self) -> None:
        # While it is set, the handler that has the worker leave raises Leave out of the wait for a ticket.
        self.interrupts_wait = False
        # Set by a class that waits elsewhere than in the main thread.
        self.wake: Callable[[], None] = lambda: None
        # Calls what a signal asks for, immediately or, if it is not urgent, where it may wait. Set by a class whose
        # handlers may run in the middle of an event loop.
        self.carry_out: Callable[[Callable[[], None], bool], None] = lambda step, urgent: step()

        # Calls the application's own handler of SIGTERM, if it has one that has not been called.
        self.tell_application: Callable[[], None] = lambda: None
        # Calls it outside of a signal handler, in a class that has an event loop: uvloop passes on twice what is raised
        # in one.
        self.soon: Callable[[Callable[[], None]], object] = lambda step: step()
        # Ours that calls theirs.
        self.term_handler: Any = None

    def interrupt(self) -> None:
        """The worker's life has just moved to a state in which it takes no tickets."""
        self.wake()
        if self.interrupts_wait:
            self.interrupts_wait = False
            raise Leave


class TermHandlers(NamedTuple):
    """`leave` is set for SIGTERM, and does nothing when the application has set another; `leave_now` always leaves."""

    leave: Callable[[int, Any], None]
    leave_now: Callable[[int, Any], None]


def install_signals(worker: Any, signals: WorkerSignals, log: Log) -> TermHandlers:
    cfg = worker.cfg
    life: WorkerLife = worker.life

    def quit_now(signum: int, frame: object) -> None:
        if life.move(WorkerEvent.QUIT).is_exiting:
            return  # Ctrl-C reaches every process of the group, and the arbiter passes it on: once is enough.
        signals.interrupts_wait = False
        signals.carry_out(quit_and_say, False)

    def quit_and_say() -> None:
        hook = cfg.hook("worker_int")
        if hook is not None:
            _call(hook, worker, "worker_int", log)
            # As Gunicorn: what the hook has set going, in another thread for instance, gets a moment.
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
            # Raised on, it would be the application's, wherever it happens to be.
            say_exception(log, logs.FILES_NOT_REOPENED)

    def leave(signum: int, frame: object) -> None:
        if signal.getsignal(signal.SIGTERM) is not leave:
            return  # The application's handler calls the one before it; the worker leaves by its own counsel.
        leave_now(signum, frame)

    def leave_now(signum: int, frame: object) -> None:
        before = life.move(WorkerEvent.LEAVE)
        if before.is_alive and before.is_booted and WORKER_CLASSES[worker.runs_as].concurrency != "one":
            # The signal may come from another process than the arbiter. Requests in flight can take long: a successor
            # should not wait for their ends, and the arbiter has to see to graceful_timeout.
            worker.ask_for_successor()
        signals.interrupt()

    for default in (signal.SIGHUP, signal.SIGCHLD, signal.SIGTTIN, signal.SIGTTOU):
        signal.signal(default, signal.SIG_DFL)
    # It has a worker write its stacks, and must not end one that is just booting.
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
        # Raised on, it would be the application's to catch, and the worker would not leave.
        say_exception(log, hooks.RAISED, hook=name)
