"""A channel of an event-loop worker: the same frames as channel.py, on a socket that never blocks the loop.

It is read only while a frame is expected: the answer to ASK, TAKEN, or the frames after WATCH.
"""

from __future__ import annotations

import asyncio
import socket
from typing import Any, Callable, Optional, Protocol

from tunicorn.channels.answer_pipe import LONGEST_FRAME_BYTES, AnswerPipe, pack_pid
from tunicorn.channels.channel_frame import (
    ABORTED,
    GONE,
    HEADER_BYTES,
    TAKEN,
    FrameError,
    GatewayFrame,
    ask_frame,
    check_answer,
    check_taken,
)
from tunicorn.channels.channel_socket import ChannelIdentity, ChannelLost, connect_channel
from tunicorn.channels.frame_reader import FrameReader
from tunicorn.channels.loop_channel import LoopChannel, wake

_FLAGS_AT = 5
_READ_BYTES = 256 * 1024
# For all channels, which read one after the other: to allocate as much for every read would take longer.
_received = memoryview(bytearray(_READ_BYTES))


class Gate(Protocol):
    """Decides when a channel is read."""

    def may_read(self) -> bool: ...

    def have_read(self) -> None: ...


class Channel(LoopChannel):
    __slots__ = (
        "_answer",
        "_answer_bytes",
        "_asked",
        "_frames",
        "_pid",
        "_reading",
        "_taken",
        "_taken_id",
        "gate",
        "on_frame",
    )

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        connect: Callable[[], socket.socket],
        pipe: Optional[AnswerPipe],
        pid: int,
    ) -> None:
        super().__init__(loop, connect, pipe)
        self._pid = pack_pid(pid)
        self._reading = False
        self._answer: Optional[asyncio.Future[GatewayFrame]] = None
        self._asked = 0
        self._answer_bytes = 0
        self._taken: Optional[asyncio.Future[None]] = None
        self._taken_id = 0
        self._frames = FrameReader()
        self.gate: Optional[Gate] = None
        # Gets the frames of the watched ticket; None at the end of the channel.
        self.on_frame: Callable[[Optional[GatewayFrame]], None] = ignore_frame

    @classmethod
    def prepare(
        cls, loop: asyncio.AbstractEventLoop, path: str, pipe: Optional[AnswerPipe], *, identity: ChannelIdentity
    ) -> Channel:
        """A channel that connects when an answer does not go through the pipe."""

        def connect() -> Any:
            return connect_channel(path, socket.socket(socket.AF_UNIX, socket.SOCK_STREAM), identity)

        return cls(loop, connect, pipe, identity.pid)

    @property
    def unfinished_bytes(self) -> int:
        return len(self._frames.kept)

    async def ask(self, ticket_id: int, wanted_bytes: int) -> Optional[bytes]:
        """Fields and body, `wanted_bytes` long, of a ticket with FOLLOWS; None if its client is no longer waiting."""
        answer = self._answer = self._loop.create_future()
        self._asked = ticket_id
        self._answer_bytes = wanted_bytes
        self.write(ask_frame(ticket_id))
        self.read()
        if self.is_lost:
            raise ChannelLost("the channel is closed")
        frame = await answer
        return None if frame.type == GONE else frame.payload

    def taken(self, ticket_id: int) -> asyncio.Future[None]:
        """Done once the gateway has read a long response to its end. Call it before writing that end."""
        self._taken = self._loop.create_future()
        self._taken_id = ticket_id
        self.read()
        return self._taken

    def finish(self, frame: bytes) -> bool:
        """Like `write`, for the last frame of a ticket, which goes through the pipe if it is the whole answer."""
        pipe = self.pipe
        if (
            pipe is not None
            and not self._is_engaged
            and len(frame) <= LONGEST_FRAME_BYTES
            and not frame[_FLAGS_AT] & ABORTED
            and not self.is_lost
        ):
            try:
                if pipe.send(self._pid + frame):
                    return True
            except BrokenPipeError:
                self.lose("the gateway has ended")
                return True
        is_sent = self.write(frame)
        self._is_engaged = False
        return is_sent

    def read(self) -> None:
        """Starts to read frames."""
        if self._reading or self.is_lost:
            return
        try:
            # The end of a long response is awaited before its first frame is written.
            self.connect()
        except ChannelLost as lost:
            self.lose(str(lost))
            return
        self._loop.add_reader(self._fd, self._readable)
        self._reading = True

    def pause(self) -> None:
        """Leaves new data in the socket: that is the backpressure."""
        if self._reading:
            self._loop.remove_reader(self._fd)
            self._reading = False

    def lose(self, reason: str) -> ChannelLost:
        lost = ChannelLost(reason)
        if not self.is_lost:
            self.pause()
            self._close_socket()
            if self._answer is not None and not self._answer.done():
                self._answer.set_exception(lost)
            wake(self._taken)
            wake(self._flushed)
            self.on_frame(None)
        return lost

    def detach(self) -> socket.socket:
        """Returns the socket, for a tunnel; the channel is over."""
        self.pause()
        self.is_lost = True
        return self._socket

    def _readable(self) -> None:
        if self.gate is not None and not self.gate.may_read():
            self.pause()
            return
        try:
            size = self._socket.recv_into(_received)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self.lose(str(error))
            return
        if size == 0:
            self.lose("the gateway closed the channel")
            return
        try:
            frames = self._frames.feed(bytes(_received[:size]))
        except FrameError as error:
            self.lose(str(error))
            return
        try:
            for frame in frames:
                self._deliver(frame)
        except FrameError as error:
            self.lose(str(error))
            return
        if self.gate is not None:
            self.gate.have_read()

    def _deliver(self, frame: GatewayFrame) -> None:
        answer = self._answer
        if frame.type == TAKEN:
            length = HEADER_BYTES + len(frame.payload)
            check_taken(length, frame.type, frame.id, self._taken_id)
            wake(self._taken)
        elif answer is not None and frame.id == self._asked:
            length = HEADER_BYTES + len(frame.payload)
            # Pieces of an earlier ticket's body that its application did not read may come before the answer.
            check_answer(length, frame.type, frame.flags, frame.status, wanted_bytes=self._answer_bytes)
            self._answer = None
            if not answer.done():
                answer.set_result(frame)
        else:
            self.on_frame(frame)


def ignore_frame(frame: Optional[GatewayFrame]) -> None:
    """Ignores frames for a ticket that is over."""
