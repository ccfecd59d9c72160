"""Where applications meet the test that runs them; the other half is test/harness/rendezvous.ts."""

from __future__ import annotations

import os
import socket


def wait(name: str) -> None:
    """Returns when the test says so, or has ended."""
    _say(f"wait {name}")


def note(name: str) -> None:
    """Returns when the test has it."""
    _say(f"note {name}")


def _say(line: str) -> None:
    host, port = os.environ["RENDEZVOUS"].rsplit(":", 1)
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(f"{line}\n".encode())
        connection.recv(1)
