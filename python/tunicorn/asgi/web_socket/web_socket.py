"""One WebSocket of an ASGI application: its `receive` and `send`. The gateway speaks the protocol with the client; this
side sees only whole messages.
"""

from __future__ import annotations

import asyncio
from typing import Any, Callable, Coroutine, Dict, Optional

from tunicorn.asgi.held_messages import HeldMessages
from tunicorn.asgi.http.head import header_lines
from tunicorn.asgi.http.http_exchange import HttpExchange
from tunicorn.asgi.next_turn import NextTurn
from tunicorn.asgi.places import Place
from tunicorn.asgi.transmit import CHANNEL_LOST, transmit
from tunicorn.asgi.web_socket.incoming_messages import IncomingMessages
from tunicorn.asgi.web_socket.web_socket_state import (
    ACCEPT,
    CLOSED,
    CONNECTING,
    DENY,
    DENYING,
    END,
    ENDED,
    FINISH,
    GIVEN_UP,
    LEAVE,
    OPEN,
    WebSocketState,
    move,
    refusal,
)
from tunicorn.channels import channel_frame
from tunicorn.channels.asgi_channel import Channel, ignore_frame
from tunicorn.channels.channel_frame import (
    CLOSE,
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
from tunicorn.channels.client_gone import ClientGone
from tunicorn.log.catalog import Message as Complaint
from tunicorn.log.catalog import requests
from tunicorn.runqueue.ticket import Ticket

_REFUSED = channel_frame.END | FRAMED
_FORBIDDEN = b"403 Forbidden\r\ncontent-length: 0\r\n"
_FAILED = b"500 Internal Server Error\r\ncontent-length: 0\r\n"

Message = Dict[str, Any]


class WebSocket:
    __slots__ = (
        "_channel",
        "_denial",
        "_ended",
        "_greeting",
        "_incoming",
        "_place",
        "_ticket",
        "id",
        "passed_bytes",
        "runner",
        "state",
        "task",
    )

    def __init__(
        self,
        place: Place,
        channel: Channel,
        ticket: Ticket,
        *,
        ended: Callable[[Any], None],
        held: HeldMessages,
        next_turn: NextTurn,
    ) -> None:
        self.state: WebSocketState = CONNECTING
        self.id = ticket.id
        # As for an HttpExchange.
        self.runner: Optional[asyncio.Task[None]] = None
        self.task: Optional[asyncio.Task[None]] = None
        self.passed_bytes = 0
        self._place = place
        self._channel = channel
        self._ticket = ticket
        self._ended = ended
        # None once the application has received it.
        self._greeting: Optional[Message] = {"type": "websocket.connect"}
        self._denial: Optional[HttpExchange] = None
        self._incoming = IncomingMessages(channel, held, place.loop, next_turn)
        channel.on_frame = self._frame
        channel.write(watch_frame(ticket.id))
        channel.read()

    # For the application

    async def receive(self) -> Message:
        greeting, self._greeting = self._greeting, None
        return await self._incoming.receive() if greeting is None else greeting

    async def send(self, message: Message) -> None:
        kind = message["type"]
        state = self.state
        if state is GIVEN_UP or state is CLOSED or state is ENDED:
            if kind == "websocket.close":
                # Both sides may close at the same moment, which the application cannot know.
                self._finish_closed()
                return
            raise ClientGone("the WebSocket is closed")
        if kind == "websocket.send" and state is OPEN:
            rest = self._send_message(message)
            if rest is not None:
                await rest
            if self._channel.is_lost:
                self.gone()
                raise ClientGone(CHANNEL_LOST)
        elif kind == "websocket.accept" and state is CONNECTING:
            await self._accept(message)
        elif kind == "websocket.close" and state is OPEN:
            self._close(message)
        elif kind == "websocket.close" and state is CONNECTING:
            self._finish(head_start(self.id, 403, _REFUSED, _FORBIDDEN), FINISH)
            self._incoming.end(1006, "")
        elif kind == "websocket.http.response.start" and state is CONNECTING:
            await self._start_denial(message)
        elif kind == "websocket.http.response.body" and self._denial is not None and state is DENYING:
            await self._denial.send({**message, "type": "http.response.body"})
        else:
            raise refusal(state, kind)

    # For the worker

    @property
    def is_gone(self) -> bool:
        state = self.state
        return state is GIVEN_UP or state is CLOSED or (state is DENYING and self._incoming.disconnect is not None)

    def has_run_for(self, seconds: float) -> bool:
        return self._place.claim.has_run_for(seconds)

    def gone_for(self, now: float) -> float:
        return now - self._incoming.left_at

    def is_cancelled(self) -> bool:
        state = self.state
        is_waited_for = state is CONNECTING or state is OPEN or state is DENYING
        return is_waited_for and self._place.claim.is_cancelled(self._ticket.cancel, self.id)

    def gone(self) -> None:
        """The client has left, or the gateway has answered it."""
        self._left(1006, "")

    def fail(self) -> None:
        """The application raised."""
        if self.state is OPEN:
            self._finish(close_frame(self.id, 1011, "Internal Error"), END)
        elif self.state is DENYING and self._denial is not None:
            self._denial.fail()
        else:
            self.returned()

    def returned(self) -> Optional[Complaint]:
        """The application returned. The message says what is missing."""
        if self.state is CONNECTING:
            self._finish(head_start(self.id, 500, _REFUSED, _FAILED), END)
            return requests.WEB_SOCKET_NOT_ANSWERED
        if self.state is OPEN:
            self._finish(close_frame(self.id, 1000), END)
        elif self.state is DENYING and self._denial is not None:
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
        self.state = move(self.state, ACCEPT)
        self._place.claim.stream()
        frame = head_start(self.id, 101, 0, b"101 Switching Protocols\r\n" + lines)
        await transmit(self._channel, frame, self.gone)

    def _send_message(self, message: Message) -> Optional[Coroutine[Any, Any, None]]:
        """Returns what is still to be awaited, if anything."""
        data = message.get("bytes")
        flags = 0
        if data is None:
            text = message.get("text")
            if text is None:
                raise RuntimeError("websocket.send has neither 'bytes' nor 'text'")
            data = text.encode("utf-8")
            flags = TEXT
        self.passed_bytes += len(data) + MESSAGE_COST_BYTES
        return self._channel.begin_send(message_header(self.id, flags, len(data)) + data)

    async def _start_denial(self, message: Message) -> None:
        ticket = self._ticket._replace(flags=0, body=b"")
        denial = HttpExchange(self._place, self._channel, ticket, self._denied)
        await denial.send({**message, "type": "http.response.start"})
        after = move(self.state, DENY)
        self._incoming.leave_gate()
        self._channel.read()
        self._denial = denial
        self.state = after

    def _denied(self, denial: HttpExchange) -> None:
        self.state = move(self.state, FINISH)
        self._let_go()
        self._incoming.end(1006, "")
        self._ended(self)

    def _close(self, message: Message) -> None:
        code = message.get("code")
        code = 1000 if code is None else code
        if not isinstance(code, int) or not 1000 <= code <= 4999:
            raise RuntimeError(f"websocket.close has code {code!r}; it must be an int from 1000 to 4999")
        reason = message.get("reason") or ""
        self._finish(close_frame(self.id, code, reason), FINISH)
        self._incoming.end(code, reason)

    def _finish(self, frame: bytes, event: str) -> None:
        self.state = move(self.state, event)
        self._let_go()
        self._place.finish(self._channel, frame, self.passed_bytes)
        self._ended(self)

    def _let_go(self) -> None:
        if self._channel.on_frame == self._frame:
            self._channel.on_frame = ignore_frame
        self._incoming.leave_gate()

    def _finish_closed(self) -> None:
        """The client is gone; only the END is still owed to the gateway."""
        if self.state is CLOSED:
            self._finish(close_frame(self.id, 1000), END)
        elif self.state is GIVEN_UP:
            self._finish(head_start(self.id, 500, _REFUSED, _FAILED), END)

    def _frame(self, frame: Optional[GatewayFrame]) -> None:
        if frame is None:
            self.gone()
        elif frame.id != self.id:
            return
        elif frame.type == MESSAGE:
            self._incoming.add(frame)
        elif frame.type == CLOSE:
            self._left(frame.status, frame.payload.decode("utf-8", "replace"))
        elif frame.type == GONE:
            self.gone()

    def _left(self, code: int, reason: str) -> None:
        self.state = move(self.state, LEAVE)
        if self._denial is not None:
            self._denial.gone()
        self._incoming.end(code, reason)
