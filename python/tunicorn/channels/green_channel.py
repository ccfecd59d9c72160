"""A channel for green threads: the frames of channel.py on a non-blocking socket; only the green thread waits.

The socket is not one of the patched library's: those would wait inside send(), where nothing could hold the claim.
"""

from __future__ import annotations

import _socket
import socket
from typing import Any

from tunicorn.channels.channel import Channel

_AT_ONCE = socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL


class GreenChannel(Channel):
    __slots__ = ("_fd",)

    def _attach(self, connected: socket.socket) -> None:
        super()._attach(connected)
        connected.setblocking(False)
        self._fd = connected.fileno()

    @staticmethod
    def wait_readable(fd: int) -> None:
        raise NotImplementedError

    @staticmethod
    def wait_writable(fd: int) -> None:
        raise NotImplementedError

    @classmethod
    def _new_socket(cls) -> Any:
        return _socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)

    def _set_blocking(self, blocking: bool) -> None:
        """Does nothing: the socket never blocks."""

    def _poll_for_room(self, out: int) -> None:
        self.wait_writable(out)

    def _send_whole(self, data: bytes | memoryview) -> None:
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[self._socket.send(rest, _AT_ONCE) :]
            except BlockingIOError:
                self.wait_writable(self._fd)

    def _receive_some(self, size: int) -> bytes:
        while True:
            try:
                return self._socket.recv(size)
            except BlockingIOError:
                try:
                    self.wait_readable(self._fd)
                except BaseException:
                    # The request is cancelled, perhaps in the middle of a frame: later frames could not be parsed.
                    self.close()
                    raise

    def _raw_socket(self) -> socket.socket:
        # By now this is the patched library's class, whose methods block only the green thread.
        raw = socket.socket(fileno=self._socket.detach())
        raw.settimeout(None)
        return raw
