"""The sending side of an event-loop channel: what the socket does not take waits in a backlog, while the loop goes on.
"""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from typing import Any, Callable, Coroutine, Deque, Optional

from tunicorn.channels.answer_pipe import AnswerPipe
from tunicorn.channels.channel_socket import ChannelLost, ChannelSocket

# An application that sends endlessly to a fast client would never yield to the loop, so it must after this many bytes.
# Each frame counts as a minimum of bytes.
_YIELD_BYTES = 512 * 1024
_FRAME_COST_BYTES = 2048


class LoopChannel(ChannelSocket):
    __slots__ = ("_backlog", "_fd", "_flushed", "_loop", "_unyielded_bytes")

    def __init__(
        self, loop: asyncio.AbstractEventLoop, connect: Callable[[], socket.socket], pipe: Optional[AnswerPipe]
    ) -> None:
        super().__init__(connect, pipe)
        self._fd = -1
        self._loop = loop
        self._backlog: Deque[memoryview] = deque()
        self._flushed: Optional[asyncio.Future[None]] = None
        self._unyielded_bytes = 0

    def _attach(self, connected: socket.socket) -> None:
        super()._attach(connected)
        connected.setblocking(False)
        self._fd = connected.fileno()

    def lose(self, reason: str) -> ChannelLost:
        """Closes the channel for good; returns the exception to raise."""
        raise NotImplementedError

    def close(self) -> None:
        self.lose("the gateway has ended")

    def _close_socket(self) -> None:
        self.is_lost = True
        if self._backlog:
            self._loop.remove_writer(self._fd)
            self._backlog.clear()
        self._socket.close()

    def write(self, frame: bytes) -> bool:
        """Sends the frame, now or after those before it. Returns whether it was sent immediately; if not, `flushed`
        waits for that. Does nothing on a lost channel.
        """
        if self.is_lost:
            return True
        self._is_engaged = True
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

    def begin_send(self, frame: bytes) -> Optional[Coroutine[Any, Any, None]]:
        """Sends the frame. Returns None if it is sent and the caller may go on; otherwise what the caller must await.
        """
        self._unyielded_bytes += len(frame) + _FRAME_COST_BYTES
        if not self.write(frame):
            self._unyielded_bytes = 0
            return self.flushed()
        if self._unyielded_bytes > _YIELD_BYTES:
            self._unyielded_bytes = 0
            return asyncio.sleep(0)
        return None

    async def send(self, frame: bytes) -> None:
        """Sends the frame and waits until it is sent or the channel is lost."""
        rest = self.begin_send(frame)
        if rest is not None:
            await rest

    async def flushed(self) -> None:
        """Waits until all frames are sent or the channel is lost."""
        while self._backlog:
            if self._flushed is None:
                self._flushed = self._loop.create_future()
            # There may be several waiters, and one of them may be cancelled.
            await asyncio.shield(self._flushed)

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
        wake(flushed)


def wake(future: Optional[asyncio.Future[None]]) -> None:
    if future is not None and not future.done():
        future.set_result(None)
