"""Process 1 of a container: reaps orphans, which Node.js cannot, and forwards signals to the command, its only child.

A script: `python3 -I -S process_one.py PROGRAM ARGUMENT...`.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Iterable, List, NoReturn, Optional

# Signals that a fault of this process itself raises; blocked, they could not end it.
FAULTS = {
    signal.SIGABRT,
    signal.SIGBUS,
    signal.SIGFPE,
    signal.SIGILL,
    signal.SIGSEGV,
    signal.SIGSYS,
    signal.SIGTRAP,
}
# SI_KERNEL of siginfo_t. Signals such as Ctrl-C reach the whole process group, including the command.
FROM_TERMINAL = 0x80
# These variables name the process that they are meant for, which is this one.
ADDRESSED = ("LISTEN_PID", "WATCHDOG_PID")
# As in src/arbiter/sockets/inherited-sockets.ts.
OLDER_ARBITER = b"GUNICORN_PID=%d"


def main(command: List[str]) -> NoReturn:
    # The kernel delivers blocked signals even to process 1; those with the default action it would drop.
    signals = {number for number in signal.valid_signals() if number not in FAULTS}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    child = start(command, before)
    while True:
        arrived = signal.sigwaitinfo(signals)
        if arrived.si_signo != signal.SIGCHLD:
            if arrived.si_code != FROM_TERMINAL:
                os.kill(child, arrived.si_signo)
            continue
        status = reap(child)
        if status is not None:
            successor = upgraded(child)
            if successor is None:
                sys.exit(status)
            child = successor


def start(command: List[str], mask: Iterable[int]) -> int:
    pid = os.fork()
    if pid > 0:
        return pid
    try:
        for name in ADDRESSED:
            if os.environ.get(name) == str(os.getppid()):
                os.environ[name] = str(os.getpid())
        # Python ignores these two, and an ignored signal stays ignored after exec.
        for number in (signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        os.execvp(command[0], command)
    except OSError as error:
        os.write(2, f"\nError: {command[0]} cannot be run: {error.strerror}\n\n".encode())
    os._exit(127)


def reap(child: int) -> Optional[int]:
    """Reaps every process that has ended; returns the child's status, as a shell shows it."""
    found = None
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return found
        if pid == 0:
            return found
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
            found = code if code >= 0 else 128 - code


def upgraded(gone: int) -> Optional[int]:
    """The arbiter that `gone` started at SIGUSR2 to replace itself: now an orphan, so a child of this process."""
    wanted = OLDER_ARBITER % gone
    for name in os.listdir("/proc"):
        if name.isdigit() and parent_of(name) == os.getpid() and wanted in environment_of(name):
            return int(name)
    return None


def parent_of(pid: str) -> int:
    # The name in parentheses may contain any character, including parentheses.
    fields = read(f"/proc/{pid}/stat").rpartition(b")")[2].split()
    return int(fields[1]) if len(fields) > 1 else 0


def environment_of(pid: str) -> List[bytes]:
    return read(f"/proc/{pid}/environ").split(b"\0")


def read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""  # The process has ended meanwhile.


if __name__ == "__main__":
    main(sys.argv[1:])
