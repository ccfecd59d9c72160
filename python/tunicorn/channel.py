"""The channel, as a worker speaks on it: the twin of src/runqueue/channel-frame.ts. It is a blocking Unix stream socket
to one gateway that serves one request at a time; RUNQUEUE.md draws the frames. The request runner and the response
call it.
"""

from __future__ import annotations

import socket
from struct import Struct
from typing import NoReturn, Protocol

HELLO = 1
ASK = 2
HEAD = 3
BODY = 4
SKIP = 5
PROBED = 6
DATA = 7
GONE = 8
TAKEN = 9
HINTS = 10

END = 1
FRAMED = 2
ABORTED = 4

# After a response with more bytes of hints and body than this, the gateway says TAKEN, and the worker waits for it.
UNACKNOWLEDGED_BYTES = 64 * 1024

_header = Struct("<IBBHQ")
_pack_header = _header.pack
_pack_hello = Struct("<IBBHQIII").pack
_pack_head = Struct("<IBBHQI").pack

# Up to this size one copy into one buffer is cheaper than handing the kernel two buffers.
_JOIN_LIMIT_BYTES = 32 * 1024
_AT_ONCE = socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL


class Holdable(Protocol):
    """The part of a ClaimSlot that a channel touches."""

    def hold(self) -> None: ...

    def unhold(self) -> None: ...


class ChannelLost(ConnectionError):
    """The gateway is gone, or does not speak as it should. The channel is closed and stays so."""


class Channel:
    __slots__ = ("_claim", "_send", "_socket", "is_lost")

    def __init__(self, connected: socket.socket, claim: Holdable) -> None:
        connected.setblocking(True)
        self._socket = connected
        self._send = connected.send
        self._claim = claim
        self.is_lost = False

    @classmethod
    def connect(cls, path: str, claim: Holdable, *, slot: int, pid: int, generation: int) -> Channel:
        connected = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connected.connect(path)
        except OSError as error:
            connected.close()
            raise ChannelLost(f"cannot connect to {path}: {error.strerror or error}") from error
        channel = cls(connected, claim)
        channel.hello(slot, pid, generation)
        return channel

    def close(self) -> None:
        self.is_lost = True
        self._socket.close()

    def hello(self, slot: int, pid: int, generation: int) -> None:
        self._transmit(_pack_hello(28, HELLO, 0, 0, 0, slot, pid, generation))

    def skip(self, ticket_id: int) -> None:
        self._transmit(_pack_header(16, SKIP, END, 0, ticket_id))

    def probed(self, ticket_id: int) -> None:
        self._transmit(_pack_header(16, PROBED, END, 0, ticket_id))

    def ask(self, ticket_id: int, fields_length: int, body_length: int) -> tuple[bytes, bytes] | None:
        """The fields and the body of a ticket that FOLLOWS, or None when nobody waits for it any more."""
        self._transmit(_pack_header(16, ASK, 0, 0, ticket_id))
        length, kind, flags, status, answered_id = _header.unpack(self._receive(16))
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
            length, kind, _, _, taken_id = _header.unpack(self._receive(16))
        finally:
            claim.unhold()
        if kind != TAKEN or length != 16 or taken_id != ticket_id:
            self._lose(f"a frame of type {kind} for ticket {taken_id}; wanted TAKEN for ticket {ticket_id}")

    def hints(self, ticket_id: int, lines: bytes) -> None:
        self._transmit(_pack_header(16 + len(lines), HINTS, 0, 0, ticket_id) + lines)

    def head(self, ticket_id: int, status: int, flags: int, head: bytes, body: bytes | memoryview) -> None:
        """The head and the first bytes of the body. FRAMED, END and ABORTED are the caller's to say."""
        size = 20 + len(head) + len(body)
        first = _pack_head(size, HEAD, flags, status, ticket_id, len(head)) + head
        if size <= _JOIN_LIMIT_BYTES:
            self._transmit(first + body)
        else:
            self._transmit_two(first, body)

    def body(self, ticket_id: int, flags: int, data: bytes | memoryview) -> None:
        size = 16 + len(data)
        if size <= _JOIN_LIMIT_BYTES:
            self._transmit(_pack_header(size, BODY, flags, 0, ticket_id) + data)
        else:
            self._transmit_two(_pack_header(size, BODY, flags, 0, ticket_id), data)

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
                self._socket.sendall(part, socket.MSG_NOSIGNAL)
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

    def _receive(self, size: int) -> bytes:
        pieces = []
        missing = size
        while missing:
            try:
                piece = self._socket.recv(missing, socket.MSG_WAITALL)
            except OSError as error:
                self._lose(str(error))
            if not piece:
                self._lose("the gateway closed the channel")
            if len(piece) == size:
                return piece
            pieces.append(piece)
            missing -= len(piece)
        return b"".join(pieces)

    def _lose(self, reason: str) -> NoReturn:
        self.close()
        raise ChannelLost(reason)
