"""The socket of a channel, for workers that block and for event loops.

All channels of a gateway connect to one path. The file exists as long as the gateway: the arbiter removes it if the
gateway is killed.
"""

from __future__ import annotations

import os
import socket
from typing import Any, Callable, Iterable, List, NamedTuple, Optional

from tunicorn.channels.answer_pipe import AnswerPipe
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


class _Unconnected:
    """In place of the socket until the first frame that does not go through the answer pipe."""

    def fileno(self) -> int:
        return -1

    def close(self) -> None:
        """Does nothing."""

    def shutdown(self, how: int) -> None:
        """Does nothing."""


UNCONNECTED: Any = _Unconnected()


class ChannelSocket:
    __slots__ = ("_is_engaged", "_new_connection", "_send", "_socket", "is_lost", "pipe")
    _socket: socket.socket
    _send: Callable[..., int]

    def __init__(self, connect: Callable[[], socket.socket], pipe: Optional[AnswerPipe]) -> None:
        """`connect` is called when the socket is needed, and raises ChannelLost if the gateway is gone."""
        # Permanent: the socket is closed, or belongs to a tunnel.
        self.is_lost = False
        # For whole answers; None while it cannot be opened.
        self.pipe = pipe
        # Whether a frame of the current ticket has been sent here; then the rest of its answer must follow.
        self._is_engaged = False
        self._new_connection = connect
        self._socket = UNCONNECTED
        self._send = self._connect_and_send

    def connect(self) -> None:
        """Raises ChannelLost if the gateway is gone."""
        if self._socket is UNCONNECTED:
            self._attach(self._new_connection())

    def _attach(self, connected: socket.socket) -> None:
        self._socket = connected
        self._send = connected.send

    def _connect_and_send(self, data: bytes, flags: int = 0) -> int:
        self.connect()
        return self._send(data, flags)

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
