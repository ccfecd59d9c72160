"""The socket of a channel, for workers that block and for event loops.

All channels of a gateway connect to one path. The file exists as long as the gateway: the arbiter removes it if the
gateway is killed.
"""

from __future__ import annotations

import os
import socket
from typing import Any, Callable, Iterable, List, NamedTuple

from tunicorn.channels.channel_frame import hello_frame
from tunicorn.generated_facts import CHANNEL_SOCKET_FILE
from tunicorn.process import forked_copy


class ChannelLost(ConnectionError):
    """The gateway is gone, or violated the protocol. The channel is closed for good."""


class ChannelIdentity(NamedTuple):
    """What a channel first says about its worker."""

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
        # Permanent: the socket is closed, or belongs to a tunnel.
        self.is_lost = False

    def fileno(self) -> int:
        return self._socket.fileno()

    def become_copy(self) -> None:
        self._send = forked_copy.end_copy

    def shut_down(self) -> None:
        """At the end of the worker: the gateway reads end-of-file even if threads or children still have the socket."""
        if self.is_lost:
            return
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # The gateway is gone.


def connect_channel(path: str, unconnected: Any, identity: ChannelIdentity) -> Any:
    """Connects the socket and sends HELLO. Raises ChannelLost if the gateway is gone."""
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
    """The known gateways that no longer exist."""
    return [gateway for gateway in known if not os.path.exists(channel_socket_path(runtime_dir, gateway))]
