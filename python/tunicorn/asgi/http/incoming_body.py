"""Receives what the gateway sends about an in-flight request: the pieces of a streamed body, and the client's
departure. Created only if the application asks for more than its ticket held.
"""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Protocol

from tunicorn.asgi.http.response_state import ResponseState
from tunicorn.asgi.places import Place
from tunicorn.asgi.waiters import Waiters
from tunicorn.channels.asgi_channel import Channel, ignore_frame
from tunicorn.channels.channel_frame import ABORTED, DATA, END, GONE, GatewayFrame, watch_frame

# Beyond this, a body stays in the channel until the application asks for more.
_QUEUE_LIMIT_BYTES = 256 * 1024

# WHOLE: the application has received everything. COMPLETE: everything has arrived. CUT: the last piece will not come.
WHOLE, COMING, COMPLETE, CUT = range(4)


class Exchange(Protocol):
    id: int
    state: ResponseState

    def gone(self) -> None: ...


class IncomingBody:
    __slots__ = ("_channel", "_exchange", "_pieces", "_place", "_queued_bytes", "_upload", "_waiters")

    def __init__(self, exchange: Exchange, place: Place, channel: Channel, is_streamed: bool) -> None:
        self._exchange = exchange
        self._place = place
        self._channel = channel
        self._upload = COMING if is_streamed else WHOLE
        self._pieces: List[bytes] = []
        self._queued_bytes = 0
        self._waiters = Waiters(place.loop)
        if exchange.state.is_gone or exchange.state.is_over:
            return
        channel.on_frame = self._frame
        channel.write(watch_frame(exchange.id))
        channel.read()
        if channel.is_lost:
            exchange.gone()

    async def receive(self) -> Dict[str, Any]:
        exchange = self._exchange
        while not exchange.state.is_over:
            if self._pieces or self._upload == COMPLETE:
                return self._next_piece()
            if exchange.state.is_gone:
                break
            await self._wait()
        return {"type": "http.disconnect"}

    def wake(self) -> None:
        self._waiters.wake()

    def end(self) -> None:
        """The response is complete: discards the rest of the body and wakes all waiters."""
        if self._channel.on_frame == self._frame:
            self._channel.on_frame = ignore_frame
        self._pieces.clear()
        self.wake()

    async def _wait(self) -> None:
        # While the body arrives, the client is the slow side: the gateway has a limit for that, and the deadline of the
        # request is postponed. Once the response has begun there is no deadline to postpone.
        holds = self._upload == COMING and not self._waiters and not self._exchange.state.head_is_sent
        if holds:
            self._place.claim.hold()
        try:
            await self._waiters.wait()
        finally:
            if holds and not self._exchange.state.head_is_sent:
                self._place.claim.unhold()

    def _frame(self, frame: Optional[GatewayFrame]) -> None:
        if frame is None:
            self._exchange.gone()
        elif frame.id != self._exchange.id:
            return
        elif frame.type == GONE:
            self._exchange.gone()
        elif frame.type == DATA:
            self._add(frame)

    def _add(self, frame: GatewayFrame) -> None:
        if frame.payload:
            self._pieces.append(frame.payload)
            self._queued_bytes += len(frame.payload)
            if self._queued_bytes > _QUEUE_LIMIT_BYTES:
                self._channel.pause()
        if frame.flags & ABORTED:
            self._upload = CUT
            self._exchange.gone()
        elif frame.flags & END:
            self._upload = COMPLETE
        self.wake()

    def _next_piece(self) -> Dict[str, Any]:
        body = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self._pieces.clear()
        if self._queued_bytes > _QUEUE_LIMIT_BYTES:
            self._channel.read()
        self._queued_bytes = 0
        is_last = self._upload == COMPLETE
        if is_last:
            self._upload = WHOLE
        return {"type": "http.request", "body": body, "more_body": not is_last}
