"""Sending and receiving for channels whose caller waits: on a blocking socket, or in a green thread.

The time of a slow client does not count as the application's: the claim is held while the socket is full.
"""

from __future__ import annotations

import errno
import os
import select
import socket
from typing import Callable, NoReturn, Optional, Protocol

from tunicorn.channels.answer_pipe import AnswerPipe
from tunicorn.channels.channel_frame import FrameError, check_gateway_header, unpack_header
from tunicorn.channels.channel_socket import ChannelLost, ChannelSocket

# Up to this size, copying into one buffer is cheaper than passing two buffers to the kernel.
JOIN_LIMIT_BYTES = 32 * 1024
_AT_ONCE = socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL
# Errors of sendfile(2) for file systems that it cannot read from.
_NO_SENDFILE = (errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP)
_READ_BYTES = 256 * 1024


class Holdable(Protocol):
    """The part of a ClaimSlot that a channel uses."""

    def hold(self) -> None: ...

    def unhold(self) -> None: ...


class WaitingChannel(ChannelSocket):
    __slots__ = ("_claim",)

    def __init__(
        self, claim: Holdable, connect: Callable[[], socket.socket], pipe: Optional[AnswerPipe]
    ) -> None:
        super().__init__(connect, pipe)
        self._claim = claim

    def _attach(self, connected: socket.socket) -> None:
        super()._attach(connected)
        connected.setblocking(True)

    def close(self) -> None:
        self.is_lost = True
        self._socket.close()

    def _transmit(self, frame: bytes) -> None:
        try:
            sent = self._send(frame, _AT_ONCE)
        except BlockingIOError:
            sent = 0
        except OSError as error:
            self._lose(str(error))
        except BaseException:
            self._close_amid_frame()
            raise
        if sent != len(frame):
            self._wait_and_send(memoryview(frame)[sent:])

    def _transmit_two(self, first: bytes, second: bytes | memoryview) -> None:
        try:
            self.connect()
            sent = self._socket.sendmsg([first, second], [], _AT_ONCE)
        except BlockingIOError:
            sent = 0
        except OSError as error:
            self._lose(str(error))
        except BaseException:
            self._close_amid_frame()
            raise
        if sent < len(first):
            self._wait_and_send(memoryview(first)[sent:], second)
        elif sent < len(first) + len(second):
            self._wait_and_send(memoryview(second)[sent - len(first) :])

    def _wait_and_send(self, *rest: bytes | memoryview) -> None:
        """The channel is full because a client reads slowly. The time spent here does not count as the application's.
        """
        claim = self._claim
        claim.hold()
        try:
            for part in rest:
                self._send_whole(part)
        except OSError as error:
            self._lose(str(error))
        except BaseException:
            self._close_amid_frame()
            raise
        finally:
            claim.unhold()

    def _close_amid_frame(self) -> None:
        # A signal handler raised, and half a frame may have been sent: later frames could not be parsed.
        self.close()

    def _transmit_file(self, fd: int, offset: int, size: int) -> None:
        """Sends bytes that the kernel reads from the file."""
        out = self._socket.fileno()
        end = offset + size
        # Waiting for the disk counts as the application's time, waiting for the client does not: sendfile() must not
        # block.
        self._set_blocking(False)
        try:
            while offset < end:
                try:
                    sent = os.sendfile(out, fd, offset, end - offset)
                except BlockingIOError:
                    self._wait_for_room(out)
                    continue
                if sent == 0:
                    self._lose(f"a file became shorter while its bytes up to {end} were being sent")
                offset += sent
        except OSError as error:
            if error.errno not in _NO_SENDFILE:
                self._lose(str(error))
            self._set_blocking(True)
            self._read_and_send(fd, offset, end)
        except BaseException:
            self._close_amid_frame()
            raise
        else:
            self._set_blocking(True)

    def _read_and_send(self, fd: int, offset: int, end: int) -> None:
        while offset < end:
            data = os.pread(fd, min(_READ_BYTES, end - offset), offset)
            if not data:
                self._lose(f"a file became shorter while its bytes up to {end} were being sent")
            self._transmit(data)
            offset += len(data)

    def _wait_for_room(self, out: int) -> None:
        claim = self._claim
        claim.hold()
        try:
            self._poll_for_room(out)
        finally:
            claim.unhold()

    def _receive_header(self) -> tuple[int, int, int, int, int]:
        header = unpack_header(self._receive(16))
        try:
            check_gateway_header(*header[:3])
        except FrameError as error:
            self._lose(str(error))
        return header

    def _receive(self, size: int) -> bytes:
        pieces = []
        missing = size
        while missing:
            try:
                piece = self._receive_some(missing)
            except OSError as error:
                self._lose(str(error))
            if not piece:
                self._lose("the gateway closed the channel")
            if len(piece) == size:
                return piece
            pieces.append(piece)
            missing -= len(piece)
        return b"".join(pieces)

    # Everything that may wait: a channel of green threads does it in another way.

    def _set_blocking(self, blocking: bool) -> None:
        os.set_blocking(self._socket.fileno(), blocking)

    def _poll_for_room(self, out: int) -> None:
        poll = select.poll()
        poll.register(out, select.POLLOUT)
        poll.poll()

    def _send_whole(self, data: bytes | memoryview) -> None:
        self._socket.sendall(data, socket.MSG_NOSIGNAL)

    def _receive_some(self, size: int) -> bytes:
        return self._socket.recv(size, socket.MSG_WAITALL)

    def _raw_socket(self) -> socket.socket:
        return self._socket

    def _lose(self, reason: str) -> NoReturn:
        self.close()
        raise ChannelLost(reason)
