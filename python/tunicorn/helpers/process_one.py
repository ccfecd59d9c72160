"""Process 1 of a container: reaps orphans, which Node.js cannot, and passes signals on to the command, its only child.

Run as a script, by bin/as-process-1.sh or command.py: `python3 -I -S process_one.py PROGRAM ARGUMENT...`.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Iterable, List, NoReturn, Optional

# What a fault of this process itself raises; blocked, it could not end it.
FAULTS = {
    signal.SIGABRT,
    signal.SIGBUS,
    signal.SIGFPE,
    signal.SIGILL,
    signal.SIGSEGV,
    signal.SIGSYS,
    signal.SIGTRAP,
}
# SI_KERNEL of siginfo_t. Ctrl-C and the like reach the whole process group, and so the command, too.
FROM_TERMINAL = 0x80
# These variables name the process that they are meant for, which was this one.
ADDRESSED = ("LISTEN_PID", "WATCHDOG_PID")
# As in src/arbiter/sockets/inherited-sockets.ts.
OLDER_ARBITER = b"GUNICORN_PID=%d"


def main(command: List[str]) -> NoReturn:
    # The kernel keeps even from process 1 no signal that is blocked; one with the default action it would drop.
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
        # Python ignores the two for itself, and an ignored signal stays so in the next program.
        for number in (signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        os.execvp(command[0], command)
    except OSError as error:
        os.write(2, f"\nError: {command[0]} cannot be run: {error.strerror}\n\n".encode())
    os._exit(127)


def reap(child: int) -> Optional[int]:
    """Takes the status of every process that has ended; returns the child's, as a shell gives it."""
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
    """The arbiter that `gone` had started by SIGUSR2 to take its place: an orphan now, so a child of this process."""
    wanted = OLDER_ARBITER % gone
    for name in os.listdir("/proc"):
        if name.isdigit() and parent_of(name) == os.getpid() and wanted in environment_of(name):
            return int(name)
    return None


def parent_of(pid: str) -> int:
    # The name in parentheses may hold anything, parentheses too.
    fields = read(f"/proc/{pid}/stat").rpartition(b")")[2].split()
    return int(fields[1]) if len(fields) > 1 else 0


def environment_of(pid: str) -> List[bytes]:
    return read(f"/proc/{pid}/environ").split(b"\0")


def read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""  # It has ended meanwhile.


if __name__ == "__main__":
    main(sys.argv[1:])
