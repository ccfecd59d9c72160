"""A channel of an event-loop worker: the same frames as channel.py, on a socket that never blocks the loop.

It is read only when there is something to wait for: the answer to ASK, TAKEN, or what comes after WATCH.
"""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from typing import Any, Callable, Deque, Dict, List, Optional, Protocol

from tunicorn.runqueue.channel_frame import (
    DATA,
    GONE,
    TAKEN,
    FrameError,
    FrameReader,
    GatewayFrame,
    ask_frame,
    hello_frame,
)
from tunicorn.runqueue.channel_socket import channel_socket_path, ended_gateways
from tunicorn.worker import forked_copy

_READ_BYTES = 256 * 1024
# An application that sends without end to a client that reads as fast would never let go of the loop: after so many
# bytes it has to. A frame counts as some bytes even if it holds but one.
_YIELD_BYTES = 512 * 1024
_FRAME_COST_BYTES = 2048


class Gate(Protocol):
    """Decides when what comes on a channel is read."""

    def may_read(self) -> bool: ...

    def have_read(self) -> None: ...


class ChannelLost(ConnectionError):
    """The gateway is gone, or does not speak as it should."""


class Channel:
    __slots__ = (
        "_answer",
        "_asked",
        "_backlog",
        "_fd",
        "_flushed",
        "_frames",
        "_loop",
        "_reading",
        "_send",
        "_socket",
        "_taken",
        "_unyielded_bytes",
        "gate",
        "is_lost",
        "on_frame",
    )

    def __init__(self, loop: asyncio.AbstractEventLoop, connected: socket.socket) -> None:
        connected.setblocking(False)
        self._loop = loop
        self._socket = connected
        self._fd = connected.fileno()
        self._send: Callable[..., int] = connected.send
        self._reading = False
        self._answer: Optional[asyncio.Future[GatewayFrame]] = None
        self._asked = 0
        self._taken: Optional[asyncio.Future[None]] = None
        self._backlog: Deque[memoryview] = deque()
        self._flushed: Optional[asyncio.Future[None]] = None
        self._frames = FrameReader()
        self._unyielded_bytes = 0
        self.is_lost = False
        self.gate: Optional[Gate] = None
        # Gets the frames of the ticket that is watched; None for the end of the channel.
        self.on_frame: Callable[[Optional[GatewayFrame]], None] = ignore_frame

    @classmethod
    def connect(cls, loop: asyncio.AbstractEventLoop, path: str, *, slot: int, pid: int, generation: int) -> Channel:
        """Raises ChannelLost when the gateway is not there any more."""
        connected = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connected.connect(path)
            connected.sendall(hello_frame(slot, pid, generation))
        except OSError as error:
            connected.close()
            raise ChannelLost(f"cannot connect to {path}: {error.strerror or error}") from error
        return cls(loop, connected)

    def write(self, frame: bytes) -> bool:
        """Sends the frame, now or when those before it have gone. Whether it went at once; if not, `flushed` says when.
        On a channel that is lost nothing is written.
        """
        if self.is_lost:
            return True
        if self._backlog:
            self._backlog.append(memoryview(frame))
            return False
        try:
            sent = self._send(frame)
        except (BlockingIOError, InterruptedError):
            sent = 0
        except OSError as error:
            self.lose(str(error))
            return True
        if sent == len(frame):
            return True
        self._backlog.append(memoryview(frame)[sent:])
        self._loop.add_writer(self._fd, self._flush)
        return False

    def fileno(self) -> int:
        return self._fd

    @property
    def unfinished_bytes(self) -> int:
        return self._frames.unfinished_bytes

    def become_copy(self) -> None:
        self._send = forked_copy.end_copy

    async def send(self, frame: bytes) -> None:
        """Sends the frame and waits until it has gone, or the channel is lost."""
        self._unyielded_bytes += len(frame) + _FRAME_COST_BYTES
        if not self.write(frame):
            self._unyielded_bytes = 0
            await self.flushed()
        elif self._unyielded_bytes > _YIELD_BYTES:
            self._unyielded_bytes = 0
            await asyncio.sleep(0)

    async def flushed(self) -> None:
        """Waits until everything that was written has gone, or the channel is lost."""
        while self._backlog:
            if self._flushed is None:
                self._flushed = self._loop.create_future()
            # Several may wait, and one of them may be cancelled.
            await asyncio.shield(self._flushed)

    async def ask(self, ticket_id: int) -> Optional[bytes]:
        """Fields and body of a ticket that FOLLOWS; None when nobody waits for it any more."""
        answer = self._answer = self._loop.create_future()
        self._asked = ticket_id
        self.write(ask_frame(ticket_id))
        self.read()
        if self.is_lost:
            raise ChannelLost("the channel is closed")
        frame = await answer
        return None if frame.type == GONE else frame.payload

    def taken(self) -> asyncio.Future[None]:
        """Done when the gateway has read a long response to its end; to be called before that end is written."""
        self._taken = self._loop.create_future()
        self.read()
        return self._taken

    def read(self) -> None:
        """Frames may come from now on."""
        if not self._reading and not self.is_lost:
            self._loop.add_reader(self._fd, self._readable)
            self._reading = True

    def pause(self) -> None:
        """Leaves what comes in the socket: that is the back-pressure."""
        if self._reading:
            self._loop.remove_reader(self._fd)
            self._reading = False

    def lose(self, reason: str) -> ChannelLost:
        """Closes the channel for good; returns what to raise."""
        lost = ChannelLost(reason)
        if not self.is_lost:
            self.is_lost = True
            self.pause()
            if self._backlog:
                self._loop.remove_writer(self._fd)
                self._backlog.clear()
            self._socket.close()
            if self._answer is not None and not self._answer.done():
                self._answer.set_exception(lost)
            _wake(self._taken)
            _wake(self._flushed)
            self.on_frame(None)
        return lost

    def detach(self) -> socket.socket:
        """The socket itself, for a tunnel; the channel is over."""
        self.pause()
        self.is_lost = True
        return self._socket

    def shut_down(self) -> None:
        """For the end of the worker: the gateway reads end-of-file although threads, or children, have the socket."""
        if self.is_lost:
            return  # It is closed, or belongs to a tunnel.
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # The gateway has gone.

    def _readable(self) -> None:
        if self.gate is not None and not self.gate.may_read():
            self.pause()
            return
        try:
            data = self._socket.recv(_READ_BYTES)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self.lose(str(error))
            return
        if not data:
            self.lose("the gateway closed the channel")
            return
        try:
            frames = self._frames.feed(data)
        except FrameError as error:
            self.lose(str(error))
            return
        for frame in frames:
            self._deliver(frame)
        if self.gate is not None:
            self.gate.have_read()

    def _deliver(self, frame: GatewayFrame) -> None:
        answer = self._answer
        if frame.type == TAKEN:
            _wake(self._taken)
        elif answer is not None and frame.id == self._asked and frame.type in (DATA, GONE):
            # Of a body that nobody has read to its end there may be pieces left before the answer.
            self._answer = None
            if not answer.done():
                answer.set_result(frame)
        else:
            self.on_frame(frame)

    def _flush(self) -> None:
        backlog = self._backlog
        try:
            while backlog:
                sent = self._send(backlog[0])
                if sent < len(backlog[0]):
                    backlog[0] = backlog[0][sent:]
                    return
                backlog.popleft()
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self.lose(str(error))
            return
        self._loop.remove_writer(self._fd)
        flushed, self._flushed = self._flushed, None
        _wake(flushed)


def _wake(future: Optional[asyncio.Future[None]]) -> None:
    if future is not None and not future.done():
        future.set_result(None)


def ignore_frame(frame: Optional[GatewayFrame]) -> None:
    """Of a ticket that is over."""


class Channels:
    """The channels of one place, one to each gateway that it has met and that lives."""

    def __init__(self, loop: asyncio.AbstractEventLoop, runtime_dir: str, **identity: Any) -> None:
        self._loop = loop
        self._runtime_dir = runtime_dir
        self._identity = identity
        self._channels: Dict[int, Channel] = {}
        forked_copy.keep_connection(self._descriptors)
        forked_copy.in_copy(self._become_copy)

    def _descriptors(self) -> List[int]:
        return [channel.fileno() for channel in self._channels.values() if not channel.is_lost]

    def _become_copy(self) -> None:
        for channel in self._channels.values():
            channel.become_copy()

    def channel(self, gateway: int) -> Optional[Channel]:
        """Connected when need be; None when the gateway is gone, and with it its clients."""
        known = self._channels.get(gateway)
        if known is not None and not known.is_lost:
            return known
        # No ticket names those again, so nobody else would notice that their channels have ended.
        for ended in ended_gateways(self._runtime_dir, self._channels):
            self._channels.pop(ended).lose("the gateway has ended")
        try:
            path = channel_socket_path(self._runtime_dir, gateway)
            channel = Channel.connect(self._loop, path, **self._identity)
        except ChannelLost:
            self._channels.pop(gateway, None)
            return None
        self._channels[gateway] = channel
        return channel

    def shut_down(self) -> None:
        for channel in list(self._channels.values()):
            channel.shut_down()
