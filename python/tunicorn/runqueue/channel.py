"""The channel, as a worker speaks on it: the twin of src/runqueue/channel-frame.ts. It is a blocking Unix stream socket
to one gateway that serves one request at a time; RUNQUEUE.md draws the frames. The request runner and the response
call it.
"""

from __future__ import annotations

import errno
import os
import select
import socket
from typing import Callable, NoReturn, Protocol

from tunicorn.runqueue import channel_frame as frames
from tunicorn.runqueue.channel_frame import (
    ABORTED,
    ASK,
    BODY,
    CLOSE,
    CLOSING,
    DATA,
    END,
    FRAMED,
    GONE,
    HEAD,
    HELLO,
    HINTS,
    MESSAGE,
    PROBED,
    SKIP,
    TAKEN,
    TEXT,
    TRAILERS,
    TUNNEL,
    UNACKNOWLEDGED_BYTES,
    WATCH,
    FrameError,
    GatewayFrame,
    pack_head,
)
from tunicorn.worker import forked_copy

__all__ = [
    "ABORTED",
    "CLOSING",
    "ASK",
    "BODY",
    "CLOSE",
    "DATA",
    "END",
    "FRAMED",
    "GONE",
    "HEAD",
    "HELLO",
    "HINTS",
    "MESSAGE",
    "PROBED",
    "SKIP",
    "TAKEN",
    "TEXT",
    "TRAILERS",
    "TUNNEL",
    "UNACKNOWLEDGED_BYTES",
    "WATCH",
    "Channel",
    "ChannelLost",
    "Holdable",
]

# Up to this size one copy into one buffer is cheaper than handing the kernel two buffers.
_JOIN_LIMIT_BYTES = 32 * 1024
_AT_ONCE = socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL
# What sendfile(2) says of a file system that it cannot read from.
_NO_SENDFILE = (errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP)
_READ_BYTES = 256 * 1024


class Holdable(Protocol):
    """The part of a ClaimSlot that a channel touches."""

    def hold(self) -> None: ...

    def unhold(self) -> None: ...


class ChannelLost(ConnectionError):
    """The gateway is gone, or does not speak as it should. The channel is closed and stays so."""


class Channel:
    __slots__ = ("_claim", "_send", "_socket", "_watched", "is_lost")
    _socket: socket.socket
    _send: Callable[..., int]

    def __init__(self, connected: socket.socket, claim: Holdable) -> None:
        connected.setblocking(True)
        self._socket = connected
        self._send = connected.send
        self._claim = claim
        # The ticket of the last WATCH: frames of it may still come when it is over.
        self._watched = 0
        self.is_lost = False

    @classmethod
    def connect(cls, path: str, claim: Holdable, *, slot: int, pid: int, generation: int) -> Channel:
        connected = cls._new_socket()
        try:
            connected.connect(path)
        except OSError as error:
            connected.close()
            raise ChannelLost(f"cannot connect to {path}: {error.strerror or error}") from error
        channel = cls(connected, claim)
        channel.hello(slot, pid, generation)
        return channel

    @classmethod
    def _new_socket(cls) -> socket.socket:
        return socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)

    def fileno(self) -> int:
        return self._socket.fileno()

    def become_copy(self) -> None:
        self._send = forked_copy.end_copy

    def close(self) -> None:
        self.is_lost = True
        self._socket.close()

    def shut_down(self) -> None:
        """For the end of the worker: the gateway reads end-of-file although threads, or children, have the socket."""
        if self.is_lost:
            return  # It is closed, or belongs to a tunnel.
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # The gateway has gone.

    def hello(self, slot: int, pid: int, generation: int) -> None:
        self._transmit(frames.hello_frame(slot, pid, generation))

    def skip(self, ticket_id: int) -> None:
        self._transmit(frames.skip_frame(ticket_id))

    def probed(self, ticket_id: int) -> None:
        self._transmit(frames.probed_frame(ticket_id))

    def ask(self, ticket_id: int, fields_length: int, body_length: int) -> tuple[bytes, bytes] | None:
        """The fields and the body of a ticket that FOLLOWS, or None when nobody waits for it any more."""
        self._transmit(frames.ask_frame(ticket_id))
        length, kind, flags, status, answered_id = self._receive_header()
        while answered_id == self._watched != ticket_id and kind != TAKEN:
            # Sent before the gateway had read the END of that ticket.
            self._receive(length - 16)
            length, kind, flags, status, answered_id = self._receive_header()
        if answered_id != ticket_id:
            self._lose(f"asked for ticket {ticket_id}, the gateway answered for ticket {answered_id}")
        if flags or status:
            self._lose(f"flags {flags:#04x} and status {status} in an answer to ASK; both must be 0")
        if kind == GONE and length == 16:
            return None
        wanted = 16 + fields_length + body_length
        if kind != DATA or length != wanted:
            self._lose(f"a frame of type {kind} and {length} bytes; wanted DATA of {wanted} or GONE of 16")
        return self._receive(fields_length), self._receive(body_length)

    def await_taken(self, ticket_id: int) -> None:
        """Waits until the gateway has read a long response to its end: before, it is free for no other."""
        claim = self._claim
        claim.hold()
        try:
            length, kind, _, _, taken_id = self._receive_header()
            while taken_id == self._watched and kind != TAKEN:
                self._receive(length - 16)
                length, kind, _, _, taken_id = self._receive_header()
        finally:
            claim.unhold()
        if kind != TAKEN or length != 16 or taken_id != ticket_id:
            self._lose(f"a frame of type {kind} for ticket {taken_id}; wanted TAKEN for ticket {ticket_id}")

    def watch(self, ticket_id: int) -> None:
        """From now on the gateway sends what belongs to this ticket: `receive_frame`. After ASK, and once a ticket."""
        self._watched = ticket_id
        self._transmit(frames.watch_frame(ticket_id))

    def receive_frame(self, ticket_id: int) -> GatewayFrame:
        """The next frame of the ticket: DATA of a STREAMED body, GONE, or of a WebSocket MESSAGE and CLOSE."""
        while True:
            length, kind, flags, status, frame_id = self._receive_header()
            payload = self._receive(length - 16)
            if frame_id == ticket_id:
                return GatewayFrame(kind, flags, status, frame_id, payload)

    def receive_body(self, ticket_id: int, write: Callable[[bytes], object]) -> bool:
        """Says WATCH, and writes the STREAMED body to its end; False when the client has left in the middle."""
        self.watch(ticket_id)
        while True:
            frame = self.receive_frame(ticket_id)
            if frame.type != DATA or frame.flags & ABORTED:
                return False
            write(frame.payload)
            if frame.flags & END:
                return True

    def tunnel(self, ticket_id: int) -> socket.socket:
        """The client's connection, raw, in place of the channel, which has never said WATCH and is lost hereafter."""
        self._transmit(frames.tunnel_frame(ticket_id))
        self.is_lost = True
        return self._raw_socket()

    def trailers(self, ticket_id: int, lines: bytes) -> None:
        self._transmit(frames.trailers_frame(ticket_id, lines))

    def message(self, ticket_id: int, flags: int, data: bytes | memoryview) -> None:
        size = 16 + len(data)
        if size <= _JOIN_LIMIT_BYTES:
            self._transmit(frames.message_header(ticket_id, flags, len(data)) + data)
        else:
            self._transmit_two(frames.message_header(ticket_id, flags, len(data)), data)

    def close_websocket(self, ticket_id: int, code: int, reason: str = "") -> None:
        self._transmit(frames.close_frame(ticket_id, code, reason))

    def hints(self, ticket_id: int, lines: bytes) -> None:
        self._transmit(frames.hints_frame(ticket_id, lines))

    def head(self, ticket_id: int, status: int, flags: int, head: bytes, body: bytes | memoryview) -> None:
        """The head and the first bytes of the body. FRAMED, END and ABORTED are the caller's to say."""
        size = 20 + len(head) + len(body)
        first = pack_head(size, HEAD, flags, status, ticket_id, len(head)) + head
        if size <= _JOIN_LIMIT_BYTES:
            self._transmit(first + body)
        else:
            self._transmit_two(first, body)

    def body(self, ticket_id: int, flags: int, data: bytes | memoryview) -> None:
        size = 16 + len(data)
        if size <= _JOIN_LIMIT_BYTES:
            self._transmit(frames.body_header(ticket_id, flags, len(data)) + data)
        else:
            self._transmit_two(frames.body_header(ticket_id, flags, len(data)), data)

    def body_from_file(self, ticket_id: int, flags: int, fd: int, offset: int, size: int) -> None:
        """As `body`, with bytes that the kernel takes from the file itself."""
        self._transmit(frames.body_header(ticket_id, flags, size))
        out = self._socket.fileno()
        end = offset + size
        # A wait for the disk is the application's time, a wait for the client is not: so no wait inside sendfile().
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
        """The channel is full: a client reads slowly. The time spent here is not the application's."""
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
        # A signal handler raised, and half a frame may have been sent: nothing that came after it could be understood.
        self.close()

    def _receive_header(self) -> tuple[int, int, int, int, int]:
        header = frames.unpack_header(self._receive(16))
        try:
            frames.check_gateway_header(*header[:3])
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
