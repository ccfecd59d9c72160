"""The messages of one WebSocket that its application has not received yet, and the end of the WebSocket."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any, Deque, Dict, Optional, Tuple

from tunicorn.asgi.held_messages import HeldMessages
from tunicorn.asgi.next_turn import NextTurn
from tunicorn.asgi.waiters import Waiters
from tunicorn.channels.asgi_channel import Channel
from tunicorn.channels.channel_frame import MESSAGE_COST_BYTES, TEXT, GatewayFrame

_QUEUE_LIMIT_BYTES = 1024 * 1024

Message = Dict[str, Any]


class IncomingMessages:
    """The gate of the channel: decides when the channel is read."""

    __slots__ = (
        "_channel",
        "_held",
        "_held_bytes",
        "_loop",
        "_next_turn",
        "_queue",
        "_queued_bytes",
        "_receiving",
        "_waiters",
        "disconnect",
        "left_at",
    )

    def __init__(
        self, channel: Channel, held: HeldMessages, loop: asyncio.AbstractEventLoop, next_turn: NextTurn
    ) -> None:
        self._channel = channel
        self._held = held
        # The bytes that `held` counts for this WebSocket.
        self._held_bytes = 0
        self._loop = loop
        self._next_turn = next_turn
        # Each message, and what it counts.
        self._queue: Deque[Tuple[Message, int]] = deque()
        self._queued_bytes = 0
        self._receiving = 0
        self._waiters = Waiters(loop)
        # After the end of the WebSocket, `receive` returns this once the queue is empty.
        self.disconnect: Optional[Message] = None
        self.left_at = 0.0
        channel.gate = self

    async def receive(self) -> Message:
        while True:
            if self._queue:
                return self._next()
            if self.disconnect is not None:
                return self.disconnect
            self._receiving += 1
            try:
                self._held.look()
                await self._waiters.wait()
            finally:
                self._receiving -= 1

    def add(self, frame: GatewayFrame) -> None:
        if frame.flags & TEXT:
            text = frame.payload.decode("utf-8", "replace")
            message: Message = {"type": "websocket.receive", "text": text}
            size = MESSAGE_COST_BYTES + len(text)
        else:
            message = {"type": "websocket.receive", "bytes": frame.payload}
            size = MESSAGE_COST_BYTES + len(frame.payload)
        self._queue.append((message, size))
        self._queued_bytes += size
        if self._queued_bytes > _QUEUE_LIMIT_BYTES:
            self._channel.pause()

    def end(self, code: int, reason: str) -> None:
        """Only the first end counts."""
        if self.disconnect is None:
            self.disconnect = {"type": "websocket.disconnect", "code": code, "reason": reason}
            self.left_at = self._loop.time()
            self._held.served(self)
            self._waiters.wake()

    def leave_gate(self) -> None:
        """Gives up the channel."""
        if self._channel.gate is self:
            self._channel.gate = None
            self._held.add(-self._held_bytes)
            self._held_bytes = 0
            self._held.served(self)

    # For the channel and HeldMessages

    def may_read(self) -> bool:
        return self._held.admits(self)

    def have_read(self) -> None:
        is_served = bool(self._queue) or self.disconnect is not None
        if self._queue:
            self._waiters.wake_now(self._next_turn)
        if self._channel.gate is self:
            self._account()
            if is_served:
                self._held.served(self)

    @property
    def is_wanting(self) -> bool:
        return self._receiving > 0 and not self._queue

    def resume(self) -> None:
        if self._channel.gate is self and self._queued_bytes <= _QUEUE_LIMIT_BYTES:
            self._channel.read()

    def _next(self) -> Message:
        message, size = self._queue.popleft()
        before = self._queued_bytes
        self._queued_bytes -= size
        if self._channel.gate is self:
            # A message that is received during the read that brings it has not been counted.
            if self._held_bytes:
                self._account()
            if before > _QUEUE_LIMIT_BYTES >= self._queued_bytes:
                self._channel.read()
        return message

    def _account(self) -> None:
        held_bytes = self._queued_bytes + self._channel.unfinished_bytes
        if held_bytes != self._held_bytes:
            self._held.add(held_bytes - self._held_bytes)
            self._held_bytes = held_bytes
