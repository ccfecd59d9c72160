"""The socket of a channel, whether its worker waits in a call or in an event loop.

A gateway's channels are connected to one path. The file is there as long as the gateway: the arbiter removes it when
the gateway has been killed.
"""

from __future__ import annotations

import os
import socket
from typing import Any, Callable, Iterable, List, NamedTuple

from tunicorn.generated_facts import CHANNEL_SOCKET_FILE
from tunicorn.process import forked_copy
from tunicorn.runqueue.channel_frame import hello_frame


class ChannelLost(ConnectionError):
    """The gateway is gone, or broke the protocol. The channel is closed and stays so."""


class ChannelIdentity(NamedTuple):
    """What a channel says of its worker first."""

    slot: int
    pid: int
    generation: int


class ChannelSocket:
    __slots__ = ("_send", "_socket", "is_lost")
    _socket: socket.socket
    _send: Callable[..., int]

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._send = connected.send
        # For good: it is closed, or belongs to a tunnel.
        self.is_lost = False

    def fileno(self) -> int:
        return self._socket.fileno()

    def become_copy(self) -> None:
        self._send = forked_copy.end_copy

    def shut_down(self) -> None:
        """For the end of the worker: the gateway reads end-of-file although threads, or children, have the socket."""
        if self.is_lost:
            return
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # The gateway has gone.


def connect_channel(path: str, unconnected: Any, identity: ChannelIdentity) -> Any:
    """The socket, when it has said HELLO. Raises ChannelLost when the gateway is gone."""
    try:
        unconnected.connect(path)
        unconnected.sendall(hello_frame(*identity))
    except OSError as error:
        unconnected.close()
        raise ChannelLost(f"cannot connect to {path}: {error.strerror or error}") from error
    return unconnected


def channel_socket_path(runtime_dir: str, gateway: int) -> str:
    return os.path.join(runtime_dir, CHANNEL_SOCKET_FILE.format(gateway))


def ended_gateways(runtime_dir: str, known: Iterable[int]) -> List[int]:
    """Those of the known gateways that do not live any more."""
    return [gateway for gateway in known if not os.path.exists(channel_socket_path(runtime_dir, gateway))]
