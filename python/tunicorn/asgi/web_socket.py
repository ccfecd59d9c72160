"""One WebSocket of an ASGI application: its `receive` and `send`. The gateway speaks the protocol with the client; here
are whole messages.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any, Callable, Deque, Dict, Optional

from tunicorn.asgi.channel import Channel
from tunicorn.asgi.head import header_lines, response_head
from tunicorn.asgi.http_exchange import ClientGone
from tunicorn.asgi.places import Place
from tunicorn.channel_frame import (
    ABORTED,
    CLOSE,
    END,
    GONE,
    MESSAGE,
    TEXT,
    GatewayFrame,
    body_header,
    close_frame,
    head_start,
    message_header,
    watch_frame,
)

# CONNECTING: the application has not answered. DENYING: it sends a response of its own. CLOSED: the client is gone, the
# application may not know. ENDED: the worker has said its last word.
CONNECTING, OPEN, DENYING, CLOSED, ENDED = range(5)

_QUEUE_LIMIT_BYTES = 1024 * 1024
_FORBIDDEN = b"403 Forbidden\r\ncontent-length: 0\r\n"
_FAILED = b"500 Internal Server Error\r\ncontent-length: 0\r\n"

Message = Dict[str, Any]


class WebSocket:
    __slots__ = (
        "_accepted",
        "_cancel",
        "_channel",
        "_connected",
        "_denial",
        "_disconnect",
        "_ended",
        "_gone_at",
        "_id",
        "_place",
        "_queue",
        "_queued_bytes",
        "_waiter",
        "passed_bytes",
        "phase",
        "task",
    )

    def __init__(
        self, place: Place, channel: Channel, ticket_id: int, cancel: int, *, ended: Callable[[Any], None]
    ) -> None:
        self.phase = CONNECTING
        self.task: Optional[asyncio.Task[None]] = None
        self.passed_bytes = 0
        self._place = place
        self._channel = channel
        self._id = ticket_id
        self._cancel = cancel
        self._ended = ended
        self._connected = False
        self._accepted = False
        self._denial: Optional[bytes] = None
        self._queue: Deque[Message] = deque()
        self._queued_bytes = 0
        self._disconnect: Optional[Message] = None
        self._gone_at = 0.0
        self._waiter: Optional[asyncio.Future[None]] = None
        channel.on_frame = self._frame
        channel.write(watch_frame(ticket_id))
        channel.read()

    # What the application calls

    async def receive(self) -> Message:
        if not self._connected:
            self._connected = True
            return {"type": "websocket.connect"}
        while True:
            if self._queue:
                message = self._queue.popleft()
                before = self._queued_bytes
                self._queued_bytes -= _size(message)
                if before > _QUEUE_LIMIT_BYTES >= self._queued_bytes:
                    self._channel.read()
                return message
            if self._disconnect is not None:
                return self._disconnect
            if self._waiter is None:
                self._waiter = self._place.loop.create_future()
            await asyncio.shield(self._waiter)

    async def send(self, message: Message) -> None:
        kind = message["type"]
        phase = self.phase
        if phase == CLOSED or phase == ENDED:
            if kind == "websocket.close":
                # Both may close at once; the application cannot know.
                self._finish_closed()
                return
            raise ClientGone("the WebSocket is closed")
        if kind == "websocket.send" and phase == OPEN:
            await self._send_message(message)
        elif kind == "websocket.accept" and phase == CONNECTING:
            await self._accept(message)
        elif kind == "websocket.close" and phase == OPEN:
            code = message.get("code", 1000)
            self._finish(close_frame(self._id, 1000 if code is None else code, message.get("reason") or ""))
            self._disconnected(code, message.get("reason") or "")
        elif kind == "websocket.close" and phase == CONNECTING:
            self._finish(head_start(self._id, 403, END, _FORBIDDEN, 0))
            self._disconnected(1006, "")
        elif kind == "websocket.http.response.start" and phase == CONNECTING:
            status = message["status"]
            parts, _ = response_head(status, message.get("headers") or ())
            self._denial = head_start(self._id, status, 0, b"".join(parts), 0)
            self.phase = DENYING
        elif kind == "websocket.http.response.body" and phase == DENYING:
            await self._deny(message)
        else:
            names = ("before it was answered", "while it is open", "while it is being denied")
            raise RuntimeError(f"Unexpected ASGI message '{kind}' to a WebSocket {names[phase]}")

    # What the worker calls

    @property
    def is_gone(self) -> bool:
        return self._disconnect is not None and self.phase != ENDED

    @property
    def id(self) -> int:
        return self._id

    def gone_for(self, now: float) -> float:
        return now - self._gone_at

    def is_cancelled(self) -> bool:
        return self.phase < CLOSED and self._place.claim.is_cancelled(self._cancel, self._id)

    def gone(self) -> None:
        """The client has left, or has been answered by the gateway."""
        if self.phase < CLOSED:
            self.phase = CLOSED
        self._disconnected(1006, "")

    def fail(self) -> None:
        """The application has raised."""
        if self.phase == CONNECTING:
            self._finish(head_start(self._id, 500, END, _FAILED, 0))
        elif self.phase == OPEN:
            self._finish(close_frame(self._id, 1011, "Internal Error"))
        else:
            self.returned()

    def returned(self) -> Optional[str]:
        if self.phase == ENDED:
            return None
        if self.phase == CLOSED:
            self._finish_closed()
            return None
        if self.phase == OPEN:
            self._finish(close_frame(self._id, 1000))
            return None
        was = self.phase
        if was == DENYING:
            frame = self._denial or b""
            self._finish(frame + body_header(self._id, END | ABORTED, 0))
            return "The application returned before its denial of the WebSocket was complete."
        self._finish(head_start(self._id, 500, END, _FAILED, 0))
        return "The application returned without having answered the WebSocket."

    # The frames

    async def _accept(self, message: Message) -> None:
        lines = b""
        subprotocol = message.get("subprotocol")
        if subprotocol is not None:
            lines = header_lines([(b"sec-websocket-protocol", subprotocol.encode("latin-1"))])
        lines += header_lines(message.get("headers") or ())
        self.phase = OPEN
        self._accepted = True
        self._place.claim.stream()
        await self._transmit(head_start(self._id, 101, 0, b"101 Switching Protocols\r\n" + lines, 0))

    async def _send_message(self, message: Message) -> None:
        data = message.get("bytes")
        flags = 0
        if data is None:
            text = message.get("text")
            if text is None:
                raise RuntimeError("websocket.send has neither 'bytes' nor 'text'")
            data = text.encode("utf-8")
            flags = TEXT
        self.passed_bytes += len(data)
        await self._transmit(message_header(self._id, flags, len(data)) + data)

    async def _deny(self, message: Message) -> None:
        body = message.get("body", b"")
        more = message.get("more_body", False)
        head, self._denial = self._denial or b"", None
        self.passed_bytes += len(body)
        frame = head + body_header(self._id, 0 if more else END, len(body)) + body
        if more:
            await self._transmit(frame)
        else:
            self._finish(frame)
            self._disconnected(1006, "")

    async def _transmit(self, frame: bytes) -> None:
        channel = self._channel
        if not channel.write(frame):
            await channel.flushed()
        if channel.is_lost:
            self.gone()
            raise ClientGone("the channel to the gateway is lost")

    def _finish(self, frame: bytes) -> None:
        self.phase = ENDED
        if self._channel.on_frame == self._frame:
            self._channel.on_frame = _nobody
        self._place.finish(self._channel, frame, self.passed_bytes)
        self._ended(self)

    def _finish_closed(self) -> None:
        if self.phase == CLOSED:
            frame = close_frame(self._id, 1000) if self._accepted else head_start(self._id, 500, END, _FAILED, 0)
            self._finish(frame)

    def _frame(self, frame: Optional[GatewayFrame]) -> None:
        if frame is None:
            self.gone()
        elif frame.id != self._id:
            return
        elif frame.type == MESSAGE:
            self._received(frame)
        elif frame.type == CLOSE:
            self.phase = max(self.phase, CLOSED)
            self._disconnected(frame.status, frame.payload.decode("utf-8", "replace"))
        elif frame.type == GONE:
            self.gone()

    def _received(self, frame: GatewayFrame) -> None:
        if frame.flags & TEXT:
            message: Message = {"type": "websocket.receive", "text": frame.payload.decode("utf-8", "replace")}
        else:
            message = {"type": "websocket.receive", "bytes": frame.payload}
        self._queue.append(message)
        self._queued_bytes += len(frame.payload)
        if self._queued_bytes > _QUEUE_LIMIT_BYTES:
            self._channel.pause()
        self._wake()

    def _disconnected(self, code: int, reason: str) -> None:
        if self._disconnect is None:
            self._disconnect = {"type": "websocket.disconnect", "code": code, "reason": reason}
            self._gone_at = self._place.loop.time()
            self._wake()

    def _wake(self) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)


def _size(message: Message) -> int:
    data = message.get("bytes")
    return len(data) if data is not None else len(message["text"])


def _nobody(frame: Optional[GatewayFrame]) -> None:
    """What still comes belongs to a ticket that is over."""
