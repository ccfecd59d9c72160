"""The blocking channel of a worker: the counterpart of src/runqueue/channel-frame.ts. It serves one request at a time;
RUNQUEUE.md draws the frames.
"""

from __future__ import annotations

import socket
from typing import Callable, Optional

from tunicorn.channels import channel_frame as frames
from tunicorn.channels.answer_pipe import LONGEST_FRAME_BYTES, AnswerPipe, pack_pid
from tunicorn.channels.channel_frame import (
    ABORTED,
    DATA,
    END,
    GONE,
    HEAD,
    TAKEN,
    FrameError,
    GatewayFrame,
    pack_answer,
    pack_head,
)
from tunicorn.channels.channel_socket import ChannelIdentity, connect_channel
from tunicorn.channels.waiting_channel import JOIN_LIMIT_BYTES, Holdable, WaitingChannel

_WHOLE = END | ABORTED


class Channel(WaitingChannel):
    __slots__ = ("_pid", "_watched")

    def __init__(
        self,
        claim: Holdable,
        connect: Callable[[], socket.socket],
        pipe: Optional[AnswerPipe] = None,
        pid: int = 0,
    ) -> None:
        super().__init__(claim, connect, pipe)
        self._pid = pid
        # The ticket of the last WATCH: its frames may still arrive after it is over.
        self._watched = 0

    @classmethod
    def prepare(cls, path: str, pipe: Optional[AnswerPipe], *, claim: Holdable, identity: ChannelIdentity) -> Channel:
        """A channel that connects when an answer does not go through the pipe."""
        return cls(claim, lambda: connect_channel(path, cls._new_socket(), identity), pipe, identity.pid)

    @classmethod
    def _new_socket(cls) -> socket.socket:
        return socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)

    def skip(self, ticket_id: int) -> None:
        self._answer(frames.skip_frame(ticket_id))

    def probed(self, ticket_id: int) -> None:
        self._answer(frames.probed_frame(ticket_id))

    def _answer(self, frame: bytes) -> None:
        """Sends a frame that is a whole answer if it is the first of its ticket."""
        try:
            if self.pipe is not None and not self._is_engaged and self.pipe.send(pack_pid(self._pid) + frame):
                return
        except BrokenPipeError:
            self._lose("the gateway has ended")
        self._transmit(frame)
        self._is_engaged = False

    def ask(self, ticket_id: int, fields_length: int, body_length: int) -> tuple[bytes, bytes] | None:
        """The fields and the body of a ticket with FOLLOWS, or None if its client is no longer waiting."""
        self._is_engaged = True
        self._transmit(frames.ask_frame(ticket_id))
        length, kind, flags, status, answered_id = self._receive_header()
        while answered_id == self._watched != ticket_id and kind != TAKEN:
            # Sent before the gateway had read END for that ticket.
            self._receive(length - 16)
            length, kind, flags, status, answered_id = self._receive_header()
        if answered_id != ticket_id:
            self._lose(f"asked for ticket {ticket_id}, the gateway answered for ticket {answered_id}")
        try:
            frames.check_answer(length, kind, flags, status, wanted_bytes=fields_length + body_length)
        except FrameError as error:
            self._lose(str(error))
        if kind == GONE:
            return None
        return self._receive(fields_length), self._receive(body_length)

    def await_taken(self, ticket_id: int) -> None:
        """Waits until the gateway has read a long response to its end; until then the channel is not free for another.
        """
        claim = self._claim
        claim.hold()
        try:
            length, kind, _, _, taken_id = self._receive_header()
            while taken_id == self._watched and kind != TAKEN:
                self._receive(length - 16)
                length, kind, _, _, taken_id = self._receive_header()
        finally:
            claim.unhold()
        try:
            frames.check_taken(length, kind, taken_id, ticket_id)
        except FrameError as error:
            self._lose(str(error))

    def watch(self, ticket_id: int) -> None:
        """From now on the gateway sends frames for this ticket: see `receive_frame`. After ASK, and once per ticket."""
        self._watched = ticket_id
        self._is_engaged = True
        self._transmit(frames.watch_frame(ticket_id))

    def receive_frame(self, ticket_id: int) -> GatewayFrame:
        """The next frame for the ticket: DATA of a STREAMED body, GONE, or, for a WebSocket, MESSAGE and CLOSE."""
        while True:
            length, kind, flags, status, frame_id = self._receive_header()
            payload = self._receive(length - 16)
            if frame_id == ticket_id:
                return GatewayFrame(kind, flags, status, frame_id, payload)

    def receive_body(self, ticket_id: int, write: Callable[[bytes], object]) -> bool:
        """Sends WATCH, and passes the whole STREAMED body to `write`; False if the client left in the middle."""
        self.watch(ticket_id)
        while True:
            frame = self.receive_frame(ticket_id)
            if frame.type != DATA or frame.flags & ABORTED:
                return False
            write(frame.payload)
            if frame.flags & END:
                return True

    def tunnel(self, ticket_id: int) -> socket.socket:
        """Returns the client's raw connection; the channel, which must not have sent WATCH, is lost afterwards."""
        self._is_engaged = True
        self._transmit(frames.tunnel_frame(ticket_id))
        self.is_lost = True
        return self._raw_socket()

    def hints(self, ticket_id: int, lines: bytes) -> None:
        self._is_engaged = True
        self._transmit(frames.hints_frame(ticket_id, lines))

    def head(self, ticket_id: int, status: int, flags: int, head: bytes, body: bytes | memoryview) -> None:
        """Sends the head and the first bytes of the body. The caller sets FRAMED, END and ABORTED."""
        size = 20 + len(head) + len(body)
        if size <= LONGEST_FRAME_BYTES and flags & _WHOLE == END and not self._is_engaged:
            answer = pack_answer(self._pid, size, HEAD, flags, status, ticket_id, len(head)) + head + body
            try:
                if self.pipe is not None and self.pipe.send(answer):
                    return
            except BrokenPipeError:
                self._lose("the gateway has ended")
        self._is_engaged = not flags & END
        first = pack_head(size, HEAD, flags, status, ticket_id, len(head)) + head
        if size <= JOIN_LIMIT_BYTES:
            self._transmit(first + body)
        else:
            self._transmit_two(first, body)

    def failed(self, ticket_id: int, closing: bool) -> None:
        self._answer(frames.failed_frame(ticket_id, closing))

    def body(self, ticket_id: int, flags: int, data: bytes | memoryview) -> None:
        self._is_engaged = not flags & END
        size = 16 + len(data)
        if size <= JOIN_LIMIT_BYTES:
            self._transmit(frames.body_header(ticket_id, flags, len(data)) + data)
        else:
            self._transmit_two(frames.body_header(ticket_id, flags, len(data)), data)

    def body_from_file(self, ticket_id: int, flags: int, fd: int, *, offset: int, size: int) -> None:
        """Like `body`, with bytes that the kernel reads from the file."""
        self._transmit(frames.body_header(ticket_id, flags, size))
        self._transmit_file(fd, offset, size)
