"""What becomes of a process that the application forks: no second worker.

Such a copy has every descriptor of the worker, its handlers of signals, its claims on the board. It must not take
tickets, answer on a channel, report, or keep what it holds open for longer than the worker lives. So in the child each
descriptor is replaced by one that leads nowhere (closed, its number would be given to a file of the application's),
and the copy ends where it would answer the request in which it was forked.
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
# By thread, of those that are forking: the signals that it has blocked otherwise.
_masks: Dict[int, Any] = {}
# The thread that is forking a worker, which is no copy.
_forks_worker = 0
_current: Callable[[], object] = threading.get_ident
_forker: object = None
# Their other ends stay open, so that what waits for them waits for ever.
_kept: List[int] = []


class CopyEnds(BaseException):
    """Raised in a green thread of a copy that would answer a request, and was not the one that forked."""


def keep_reading_end(descriptors: Descriptors) -> None:
    """These are this process's alone, to read from or to wait for."""
    _reading.append(descriptors)


def keep_writing_end(descriptors: Descriptors) -> None:
    _writing.append(descriptors)


def keep_connection(descriptors: Descriptors) -> None:
    _connected.append(descriptors)


def keep_handler(number: int) -> None:
    """The handler that is set now is this process's alone; one that the application sets later is a copy's, too."""
    _handlers[number] = signal.getsignal(number)


def in_copy(step: Callable[[], None]) -> None:
    """Has it called in each copy."""
    _steps.append(step)


def runs_in(current: Callable[[], object]) -> None:
    """What tells the thread of one request from that of another, where that is not a thread of the system."""
    global _current
    _current = current


def fork_worker() -> int:
    """As os.fork(). In the child nothing is kept from copies any more but what it says itself."""
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
    """Instead of the answer to a request."""
    if _current() != _forker:
        raise CopyEnds
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(0)


def _before() -> None:
    # A signal that reaches the child at once must not meet the worker's handlers.
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
        # No descriptor is left: better one that is closed than one that works.
        for fd in numbers:
            _close(fd)
        return
    for fd in numbers:
        os.dup2(dummy, fd, inheritable=False)
    os.close(dummy)


def _silent_end() -> int:
    """Nothing ever comes out of it, not even its end."""
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
