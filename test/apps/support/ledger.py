"""A file with one line per event, from all processes; $LEDGER is its path."""

from __future__ import annotations

import os


def record(line: str) -> None:
    # A single small write to a file opened for appending is not interleaved with other processes' writes.
    descriptor = os.open(os.environ["LEDGER"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(descriptor, f"{line}\n".encode())
    finally:
        os.close(descriptor)
