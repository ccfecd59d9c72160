"""Keeps a process that the application forks from acting as a second worker.

Such a copy has all of the worker's descriptors, signal handlers and claims on the board. It must not take tickets,
answer on a channel, report, or keep descriptors open for longer than the worker lives. So in the child each descriptor
is replaced by one that leads nowhere (if it were closed, a file of the application's could get its number), and the
copy ends where it would answer the request in which it was forked.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from typing import Any, Callable, Dict, Iterable, List, NoReturn

from tunicorn.process import unpatched

Descriptors = Callable[[], Iterable[int]]

_reading: List[Descriptors] = []
_writing: List[Descriptors] = []
_connected: List[Descriptors] = []
_steps: List[Callable[[], None]] = []
_handlers: Dict[int, Any] = {}
# By forking thread: the signals that it had blocked before.
_masks: Dict[int, Any] = {}
# The thread that is forking a worker, which is not a copy.
_forks_worker = 0
_current: Callable[[], object] = threading.get_ident
_forker: object = None
# The other ends stay open, so that waiting for them never ends.
_kept: List[int] = []


class CopyEnds(BaseException):
    """Raised in a green thread of a copy that would answer a request, if it is not the one that forked."""


def keep_reading_end(descriptors: Descriptors) -> None:
    """Only this process may read from these, or wait for them."""
    _reading.append(descriptors)


def keep_writing_end(descriptors: Descriptors) -> None:
    _writing.append(descriptors)


def keep_connection(descriptors: Descriptors) -> None:
    _connected.append(descriptors)


def keep_handler(number: int) -> None:
    """Only this process has the current handler; copies also have handlers that the application sets later."""
    _handlers[number] = signal.getsignal(number)


def in_copy(step: Callable[[], None]) -> None:
    """Runs the step in each copy."""
    _steps.append(step)


def runs_in(current: Callable[[], object]) -> None:
    """Sets the function that identifies the current green thread, where requests do not run in threads of the system.
    """
    global _current
    _current = current


def fork_worker() -> int:
    """Like os.fork(). The child starts with nothing to keep from its own copies."""
    global _forks_worker
    _forks_worker = threading.get_ident()
    try:
        pid = unpatched.fork()
    finally:
        _forks_worker = 0
    if pid == 0:
        for kept in (_reading, _writing, _connected, _steps):
            kept.clear()
        _handlers.clear()
    return pid


def end_copy(*_: object) -> NoReturn:
    """Ends the copy instead of answering a request."""
    if _current() != _forker:
        raise CopyEnds
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(0)


def _before() -> None:
    # A signal that reaches the child immediately must not run the worker's handlers.
    _masks[threading.get_ident()] = signal.pthread_sigmask(signal.SIG_BLOCK, _handlers)


def _unblock() -> None:
    mask = _masks.pop(threading.get_ident(), None)
    if mask is not None:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _in_child() -> None:
    try:
        if _forks_worker != threading.get_ident():
            _become_copy()
    finally:
        _unblock()


def _become_copy() -> None:
    global _forker
    _forker = _current()
    _replace(_reading, _silent_end)
    _replace(_writing, lambda: os.open(os.devnull, os.O_WRONLY))
    _replace(_connected, _dead_connection)
    for number, handler in _handlers.items():
        if signal.getsignal(number) == handler:
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    signal.set_wakeup_fd(-1)
    for step in _steps:
        step()


def _replace(kept: List[Descriptors], make: Callable[[], int]) -> None:
    numbers = [fd for descriptors in kept for fd in descriptors() if fd >= 0]
    if not numbers:
        return
    try:
        dummy = make()
    except OSError:
        # No descriptor is available: closing these is better than leaving them working.
        for fd in numbers:
            _close(fd)
        return
    for fd in numbers:
        os.dup2(dummy, fd, inheritable=False)
    os.close(dummy)


def _silent_end() -> int:
    """A descriptor that never delivers anything, not even end-of-file."""
    read, write = os.pipe()
    os.set_blocking(read, False)
    _kept.append(write)
    return read


def _dead_connection() -> int:
    ours, other = socket.socketpair()
    other.close()
    return ours.detach()


def _close(fd: int) -> None:
    try:
        os.close(fd)
    except OSError:
        pass


os.register_at_fork(before=_before, after_in_parent=_unblock, after_in_child=_in_child)
