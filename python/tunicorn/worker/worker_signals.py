"""The signals of a worker, and what the handlers share with the loop that serves."""

from __future__ import annotations

import faulthandler
import os
import signal
import time
from typing import Any, Callable, NamedTuple

from tunicorn.log.log import Log
from tunicorn.worker import forked_copy
from tunicorn.wsgi.run_request import WorkerEnded


class Leave(BaseException):
    """Raised out of the wait for a ticket, and nowhere else, when the worker is to go."""


class Life:
    """What the signal handlers and the loop share."""

    __slots__ = (
        "born",
        "carry_out",
        "leaving",
        "soon",
        "tell_application",
        "term_handler",
        "told_to_exit",
        "waiting",
        "wake",
    )

    def __init__(self) -> None:
        # time.monotonic() at its beginning.
        self.born = 0.0
        self.leaving = False
        self.waiting = False
        # By a signal, in the middle of whatever is going on: then a SystemExit is not the application's.
        self.told_to_exit = False
        # Set by a class that waits elsewhere than in the main thread.
        self.wake: Callable[[], None] = lambda: None
        # Calls what a signal asks for, at once or, if it is not urgent, where it may wait. Set by a class whose
        # handlers may run in the middle of an event loop.
        self.carry_out: Callable[[Callable[[], None], bool], None] = lambda step, urgent: step()

        # Calls the application's own handler of SIGTERM, if it has one that has not been called.
        self.tell_application: Callable[[], None] = lambda: None
        # Calls it outside of a signal handler, in a class that has an event loop: uvloop passes on twice what is raised
        # in one.
        self.soon: Callable[[Callable[[], None]], object] = lambda step: step()
        # Ours that calls theirs.
        self.term_handler: Any = None

    def leave(self, signum: int, frame: object) -> None:
        self.leaving = True
        self.wake()
        if self.waiting:
            self.waiting = False
            raise Leave


class TermHandlers(NamedTuple):
    """`leave` is set for SIGTERM, and does nothing when the application has set another; `leave_now` always leaves."""

    leave: Callable[[int, Any], None]
    leave_now: Callable[[int, Any], None]


def install_signals(worker: Any, life: Life, stack_path: str, log: Log) -> TermHandlers:
    cfg = worker.cfg

    def quit_now(signum: int, frame: object) -> None:
        if life.told_to_exit:
            return  # Ctrl-C reaches everybody, and the arbiter passes it on: once is enough.
        life.told_to_exit = True
        life.leaving = True
        worker.end()
        life.carry_out(quit_and_say, False)

    def quit_and_say() -> None:
        hook = cfg.hook("worker_int")
        if hook is not None:
            _call(hook, worker, "worker_int", log)
            # As Gunicorn: what the hook has set going, in another thread for instance, gets a moment.
            time.sleep(0.1)
        raise WorkerEnded(0)

    def abort(signum: int, frame: object) -> None:
        life.told_to_exit = True
        life.leaving = True
        worker.end()
        worker.aborted = True
        life.carry_out(abort_and_say, True)

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
            log.exception("The log files are not reopened")

    def leave(signum: int, frame: object) -> None:
        if signal.getsignal(signal.SIGTERM) is not leave:
            return  # The application's handler calls the one before it; the worker leaves by its own counsel.
        leave_now(signum, frame)

    def leave_now(signum: int, frame: object) -> None:
        if worker.booted and worker.runs_as != "sync":
            # Somebody else than the arbiter may want it to go. Its requests can take long: a successor should not wait
            # for their ends, and the arbiter is to see to graceful_timeout.
            worker.alive = False
        life.leave(signum, frame)

    for default in (signal.SIGHUP, signal.SIGCHLD, signal.SIGTTIN, signal.SIGTTOU):
        signal.signal(default, signal.SIG_DFL)
    # It has a worker write its stacks, and must not end one that is just booting.
    signal.signal(signal.SIGUSR2, lambda signum, frame: None)
    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGINT, quit_now)
    signal.signal(signal.SIGQUIT, quit_now)
    signal.signal(signal.SIGABRT, abort)
    signal.signal(signal.SIGUSR1, lambda signum, frame: life.carry_out(reopen_logs, False))
    signal.signal(signal.SIGWINCH, lambda signum, frame: None)
    for ours in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGABRT, signal.SIGUSR1, signal.SIGUSR2):
        forked_copy.keep_handler(ours)
    # The stack is written from a C handler, so it is there even when the interpreter never gets to run the Python one
    # above, which faulthandler raises the signal for a second time. It does the same for SIGSEGV and its like.
    global _stack_fd
    _stack_fd = os.open(stack_path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
    faulthandler.enable(file=_stack_fd, all_threads=True)
    forked_copy.in_copy(_stacks_to_stderr)
    return TermHandlers(leave, leave_now)


# A stop or the end of the generation begins; the worker goes on until its pipe ends. To a worker that has no use for it
# the signal does nothing, by default.
END_BEGINS = signal.SIGURG


def adopt_term_handler(life: Life, handlers: TermHandlers, log: Log) -> None:
    """Once the application is loaded, and again when it has started up: it may have set a handler of its own. That is
    called once, when the end begins or the worker is to leave; and whatever it does, the worker finishes its requests
    and leaves.
    """
    theirs = signal.getsignal(signal.SIGTERM)
    if theirs is handlers.leave or theirs is life.term_handler or not callable(theirs):
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
            log.exception("Exception in the application's handler of SIGTERM")

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

    life.term_handler = once
    life.tell_application = tell
    signal.signal(signal.SIGTERM, once)
    signal.signal(END_BEGINS, lambda signum, frame: life.soon(tell_and_stay))
    forked_copy.keep_handler(END_BEGINS)
    forked_copy.in_copy(lambda: _set_again(once, theirs))


def _set_again(once: Any, theirs: Any) -> None:
    if signal.getsignal(signal.SIGTERM) is once:
        signal.signal(signal.SIGTERM, theirs)


_stack_fd = -1


def _stacks_to_stderr() -> None:
    """What a copy dies of is no matter of the worker's."""
    faulthandler.unregister(signal.SIGUSR2)
    os.dup2(2, _stack_fd, inheritable=False)


def stack_file() -> int:
    return _stack_fd


def write_stacks_at(number: int) -> int:
    """Has that signal write the stacks of all threads to the stack file, whose descriptor it returns. The handler that
    is set for the signal is called, too.
    """
    faulthandler.register(number, file=_stack_fd, all_threads=True, chain=True)
    return _stack_fd


def _call(hook: Callable[..., Any], worker: Any, name: str, log: Log) -> None:
    try:
        hook(worker)
    except Exception:
        # Raised on, it would be the application's to catch, and the worker would not leave.
        log.exception(f"Exception in {name} hook")
