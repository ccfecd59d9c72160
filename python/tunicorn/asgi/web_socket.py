"""One WebSocket of an ASGI application: its `receive` and `send`. The gateway speaks the protocol with the client; here
are whole messages.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any, Callable, Deque, Dict, Optional

from tunicorn.asgi.held_messages import HeldMessages
from tunicorn.asgi.http.head import header_lines
from tunicorn.asgi.http.http_exchange import ClientGone, HttpExchange
from tunicorn.asgi.places import Place
from tunicorn.asgi.waiters import Waiters
from tunicorn.runqueue.asgi_channel import Channel, ignore_frame
from tunicorn.runqueue.channel_frame import (
    CLOSE,
    END,
    FRAMED,
    GONE,
    MESSAGE,
    MESSAGE_COST_BYTES,
    TEXT,
    GatewayFrame,
    close_frame,
    head_start,
    message_header,
    watch_frame,
)

# CONNECTING: the application has not answered. DENYING: it sends a response of its own. GIVEN_UP, CLOSED: the client is
# gone, before the answer or later, and the application may not know. From ENDED on the worker has said its last word;
# FINISHED: because the application has said its own.
CONNECTING, OPEN, DENYING, GIVEN_UP, CLOSED, ENDED, FINISHED = range(7)
_PHASE_NAMES = {
    CONNECTING: "before it was answered",
    OPEN: "while it is open",
    DENYING: "while it is being denied",
    FINISHED: "after the application closed it",
}

_QUEUE_LIMIT_BYTES = 1024 * 1024
_FORBIDDEN = b"403 Forbidden\r\ncontent-length: 0\r\n"
_FAILED = b"500 Internal Server Error\r\ncontent-length: 0\r\n"

Message = Dict[str, Any]


class WebSocket:
    __slots__ = (
        "_cancel",
        "_channel",
        "_connected",
        "_denial",
        "_disconnect",
        "_ended",
        "_gone_at",
        "_held",
        "_held_bytes",
        "_place",
        "_queue",
        "_queued_bytes",
        "_receiving",
        "_waiters",
        "id",
        "is_stopped",
        "passed_bytes",
        "phase",
        "task",
    )

    def __init__(
        self,
        place: Place,
        channel: Channel,
        ticket_id: int,
        cancel: int,
        *,
        ended: Callable[[Any], None],
        held: HeldMessages,
    ) -> None:
        self.phase = CONNECTING
        self.task: Optional[asyncio.Task[None]] = None
        self.passed_bytes = 0
        self._place = place
        self._channel = channel
        self.id = ticket_id
        self.is_stopped = False
        self._cancel = cancel
        self._ended = ended
        self._connected = False
        self._denial: Optional[HttpExchange] = None
        self._queue: Deque[Message] = deque()
        self._queued_bytes = 0
        self._held = held
        # What `held` counts of it.
        self._held_bytes = 0
        self._disconnect: Optional[Message] = None
        self._gone_at = 0.0
        self._receiving = 0
        self._waiters = Waiters(place.loop)
        channel.on_frame = self._frame
        channel.gate = self
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
                if self._channel.gate is self:
                    self._account()
                    if before > _QUEUE_LIMIT_BYTES >= self._queued_bytes:
                        self._channel.read()
                return message
            if self._disconnect is not None:
                return self._disconnect
            self._receiving += 1
            try:
                self._held.look()
                await self._waiters.wait()
            finally:
                self._receiving -= 1

    async def send(self, message: Message) -> None:
        kind = message["type"]
        phase = self.phase
        if GIVEN_UP <= phase <= ENDED:
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
            self._close(message)
        elif kind == "websocket.close" and phase == CONNECTING:
            self._finish(head_start(self.id, 403, END | FRAMED, _FORBIDDEN, 0), FINISHED)
            self._disconnected(1006, "")
        elif kind == "websocket.http.response.start" and phase == CONNECTING:
            await self._start_denial(message)
        elif kind == "websocket.http.response.body" and self._denial is not None and phase == DENYING:
            await self._denial.send({**message, "type": "http.response.body"})
        else:
            raise RuntimeError(f"Unexpected ASGI message '{kind}' to a WebSocket {_PHASE_NAMES[phase]}")

    # What the channel and the account of all messages call

    def may_read(self) -> bool:
        return self._held.admits(self)

    def have_read(self) -> None:
        self._account()
        if self._queue or self._disconnect is not None:
            self._held.served(self)

    @property
    def is_wanting(self) -> bool:
        return self._receiving > 0 and not self._queue

    def resume(self) -> None:
        if self._channel.gate is self and self._queued_bytes <= _QUEUE_LIMIT_BYTES:
            self._channel.read()

    # What the worker calls

    @property
    def is_gone(self) -> bool:
        return self._disconnect is not None and self.phase < ENDED

    def has_run_for(self, seconds: float) -> bool:
        return self._place.claim.has_run_for(seconds)

    def gone_for(self, now: float) -> float:
        return now - self._gone_at

    def is_cancelled(self) -> bool:
        return self.phase < GIVEN_UP and self._place.claim.is_cancelled(self._cancel, self.id)

    def gone(self) -> None:
        """The client has left, or has been answered by the gateway."""
        self._gone_from_phase()
        self._disconnected(1006, "")

    def fail(self) -> None:
        """The application has raised."""
        if self.phase == OPEN:
            self._finish(close_frame(self.id, 1011, "Internal Error"))
        elif self.phase == DENYING and self._denial is not None:
            self._denial.fail()
        else:
            self.returned()

    def returned(self) -> Optional[str]:
        """The application has returned; what it has left undone is said."""
        if self.phase == CONNECTING:
            self._finish(head_start(self.id, 500, END | FRAMED, _FAILED, 0))
            return "The application returned without having answered the WebSocket."
        if self.phase == OPEN:
            self._finish(close_frame(self.id, 1000))
        elif self.phase == DENYING and self._denial is not None:
            return self._denial.returned()
        else:
            self._finish_closed()
        return None

    # The frames

    async def _accept(self, message: Message) -> None:
        lines = b""
        subprotocol = message.get("subprotocol")
        if subprotocol is not None:
            lines = header_lines([(b"sec-websocket-protocol", subprotocol.encode("latin-1"))])
        lines += header_lines(message.get("headers"))
        self.phase = OPEN
        self._place.claim.stream()
        await self._transmit(head_start(self.id, 101, 0, b"101 Switching Protocols\r\n" + lines, 0))

    async def _send_message(self, message: Message) -> None:
        data = message.get("bytes")
        flags = 0
        if data is None:
            text = message.get("text")
            if text is None:
                raise RuntimeError("websocket.send has neither 'bytes' nor 'text'")
            data = text.encode("utf-8")
            flags = TEXT
        self.passed_bytes += len(data) + MESSAGE_COST_BYTES
        await self._transmit(message_header(self.id, flags, len(data)) + data)

    async def _start_denial(self, message: Message) -> None:
        denial = HttpExchange(
            self._place,
            self._channel,
            self.id,
            self._cancel,
            is_head=False,
            body=b"",
            is_streamed=False,
            ended=lambda _: self._denied(),
        )
        await denial.send({**message, "type": "http.response.start"})
        self._leave_gate()
        self._channel.read()
        self._denial = denial
        self.phase = DENYING

    def _denied(self) -> None:
        self.phase = FINISHED
        self._let_go()
        self._disconnected(1006, "")
        self._ended(self)

    async def _transmit(self, frame: bytes) -> None:
        channel = self._channel
        await channel.send(frame)
        if channel.is_lost:
            self.gone()
            raise ClientGone("the channel to the gateway is lost")

    def _close(self, message: Message) -> None:
        code = message.get("code")
        code = 1000 if code is None else code
        if not isinstance(code, int) or not 1000 <= code <= 4999:
            raise RuntimeError(f"websocket.close has code {code!r}; it must be an int from 1000 to 4999")
        reason = message.get("reason") or ""
        self._finish(close_frame(self.id, code, reason), FINISHED)
        self._disconnected(code, reason)

    def _finish(self, frame: bytes, phase: int = ENDED) -> None:
        self.phase = phase
        self._let_go()
        self._place.finish(self._channel, frame, self.passed_bytes)
        self._ended(self)

    def _let_go(self) -> None:
        if self._channel.on_frame == self._frame:
            self._channel.on_frame = ignore_frame
        self._leave_gate()

    def _leave_gate(self) -> None:
        if self._channel.gate is self:
            self._channel.gate = None
            self._held.add(-self._held_bytes)
            self._held_bytes = 0
            self._held.served(self)

    def _account(self) -> None:
        held_bytes = self._queued_bytes + self._channel.unfinished_bytes
        self._held.add(held_bytes - self._held_bytes)
        self._held_bytes = held_bytes

    def _finish_closed(self) -> None:
        """The client has gone; what is still owed to the gateway is the END."""
        if self.phase == CLOSED:
            self._finish(close_frame(self.id, 1000))
        elif self.phase == GIVEN_UP:
            self._finish(head_start(self.id, 500, END | FRAMED, _FAILED, 0))

    def _frame(self, frame: Optional[GatewayFrame]) -> None:
        if frame is None:
            self.gone()
        elif frame.id != self.id:
            return
        elif frame.type == MESSAGE:
            self._received(frame)
        elif frame.type == CLOSE:
            self._gone_from_phase()
            self._disconnected(frame.status, frame.payload.decode("utf-8", "replace"))
        elif frame.type == GONE:
            self.gone()

    def _received(self, frame: GatewayFrame) -> None:
        if frame.flags & TEXT:
            message: Message = {"type": "websocket.receive", "text": frame.payload.decode("utf-8", "replace")}
        else:
            message = {"type": "websocket.receive", "bytes": frame.payload}
        self._queue.append(message)
        self._queued_bytes += _size(message)
        if self._queued_bytes > _QUEUE_LIMIT_BYTES:
            self._channel.pause()
        self._waiters.wake()

    def _gone_from_phase(self) -> None:
        if self.phase == CONNECTING:
            self.phase = GIVEN_UP
        elif self.phase == OPEN:
            self.phase = CLOSED
        elif self._denial is not None:
            self._denial.gone()

    def _disconnected(self, code: int, reason: str) -> None:
        if self._disconnect is None:
            self._disconnect = {"type": "websocket.disconnect", "code": code, "reason": reason}
            self._gone_at = self._place.loop.time()
            self._held.served(self)
            self._waiters.wake()


def _size(message: Message) -> int:
    return MESSAGE_COST_BYTES + len(message["bytes"] if "bytes" in message else message["text"])
