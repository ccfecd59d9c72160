"""The title that `ps` shows for a Python process of Tunicorn: its kind and `proc_name`."""

from __future__ import annotations

import os

# The arbiter starts the forkserver with an argument of this many bytes, so that there is room to write into.
TITLE_ROOM_BYTES = 128


def set_title(kind: str, name: str) -> None:
    """Shows `tunicorn: <kind> [<name>]`; does nothing where the system does not allow it."""
    title = f"tunicorn: {kind} [{name}]"
    try:
        with open("/proc/self/comm", "w") as comm:
            comm.write(f"tunicorn-{kind}"[:15])
        _overwrite_arguments(title)
    except (OSError, ValueError, IndexError):
        # No /proc, or the kernel forbids it: the title is only a convenience.
        return


def _overwrite_arguments(title: str) -> None:
    """Overwrites the memory of argv, from which the kernel reads /proc/<pid>/cmdline (proc(5)).
    """
    with open("/proc/self/stat", "rb") as stat:
        fields = stat.read().rpartition(b")")[2].split()
    # Fields 48 and 49, arg_start and arg_end, counted from 1; the two before the ")" are cut off.
    start, end = int(fields[45]), int(fields[46])
    room = end - start
    if room <= 0:
        return
    memory = os.open("/proc/self/mem", os.O_WRONLY)
    try:
        os.pwrite(memory, title.encode("utf-8", "replace")[: room - 1].ljust(room, b"\0"), start)
    finally:
        os.close(memory)
