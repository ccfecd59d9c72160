"""Lets applications wait for the test that runs them; the other half is test/harness/rendezvous.ts."""

from __future__ import annotations

import asyncio
import os
import socket


def wait(name: str) -> None:
    """Returns when the test allows it or has ended."""
    _say(f"wait {name}")


async def wait_async(name: str) -> None:
    """The same, without blocking the event loop."""
    reader, writer = await asyncio.open_connection(*_address())
    try:
        writer.write(f"wait {name}\n".encode())
        await reader.read(1)
    finally:
        writer.close()


def note(name: str) -> None:
    """Returns when the test has received it."""
    _say(f"note {name}")


def _say(line: str) -> None:
    with socket.create_connection(_address()) as connection:
        connection.sendall(f"{line}\n".encode())
        connection.recv(1)


def _address() -> tuple[str, int]:
    host, port = os.environ["RENDEZVOUS"].rsplit(":", 1)
    return host, int(port)
