"""One HTTP request of an ASGI application, from its ticket to its last frame."""

from __future__ import annotations

import asyncio
import socket
from typing import Any, Callable, Optional

from tunicorn.asgi.http.http_response import HttpResponse, Message
from tunicorn.asgi.http.incoming_body import IncomingBody
from tunicorn.asgi.http.response_state import END, LEAVE, STARTED, UNSTARTED, move
from tunicorn.asgi.places import Place
from tunicorn.channels import channel_frame
from tunicorn.channels.asgi_channel import Channel
from tunicorn.channels.channel_frame import ABORTED, body_header, failed_frame, head_start, tunnel_frame
from tunicorn.generated_facts import FAILED_HEADERS, FAILED_PAGE_BYTES
from tunicorn.log.catalog import Message as Complaint
from tunicorn.log.catalog import requests
from tunicorn.runqueue.ticket import STREAMED, Ticket

_FAILED_HEADERS = [(name.lower().encode(), value.encode()) for name, value in FAILED_HEADERS]
_CUT_HEAD = b"500 Internal Server Error\r\n"


class HttpExchange(HttpResponse):
    __slots__ = ("_body", "_ended", "_flags", "_gone_at", "_incoming", "runner", "task")

    def __init__(self, place: Place, channel: Channel, ticket: Ticket, ended: Callable[[Any], None]) -> None:
        _, flags, self.id, _, self._cancel, _, _, fields, body, _ = ticket
        self.state = UNSTARTED
        # The task that called the application, and the one whose stack is the request's; None during their first step.
        self.runner: Optional[asyncio.Task[None]] = None
        self.task: Optional[asyncio.Task[None]] = None
        self.status = 0
        self.closes = False
        self.headers = []
        self.passed_bytes = 0
        self.body_bytes = 0
        self._place = place
        self._channel = channel
        self._content_length = -1
        self._sent = 0
        self._flags = flags
        self._is_head = fields.startswith(b"HEAD\0")
        # None once the application has received it, or if it arrives on the channel.
        self._body: Optional[bytes] = None if flags & STREAMED else body
        self._incoming: Optional[IncomingBody] = None
        self._ended = ended

    # For the application, besides `send`

    async def receive(self) -> Message:
        body = self._body
        if body is not None:
            self._body = None
            return {"type": "http.request", "body": body, "more_body": False}
        incoming = self._incoming
        if incoming is None:
            is_streamed = self._flags & STREAMED != 0
            incoming = self._incoming = IncomingBody(self, self._place, self._channel, is_streamed)
        return await incoming.receive()

    # For the worker

    @property
    def is_gone(self) -> bool:
        return self.state.is_gone

    def has_run_for(self, seconds: float) -> bool:
        return self._place.claim.has_run_for(seconds)

    def gone_for(self, now: float) -> float:
        """Seconds since the client left."""
        return now - self._gone_at

    def gone(self) -> None:
        state = self.state
        if state.is_gone or state.is_over:
            return
        self.state = move(state, LEAVE)
        self._gone_at = self._place.loop.time()
        if self._incoming is not None:
            self._incoming.wake()

    def take_over(self) -> socket.socket:
        """Returns the client's raw connection, instead of a response; call `released` at its end. Only for an upgrade
        request, after an ASK, and instead of WATCH.
        """
        self.state = move(self.state, END)
        self._channel.write(tunnel_frame(self.id))
        self._place.claim.stream()
        return self._channel.detach()

    def released(self) -> None:
        self._place.release()
        self._ended(self)

    def fail(self) -> None:
        """The application raised: sends 500 if the head is not sent yet; otherwise cuts the response off."""
        state = self.state
        if state.is_over:
            return
        if state.head_is_sent or state.is_gone:
            self._cut()
            return
        self.status = 500
        self.headers = _FAILED_HEADERS
        self.body_bytes = 0 if self._is_head else FAILED_PAGE_BYTES
        self._finish(failed_frame(self.id, self.closes))

    def returned(self) -> Optional[Complaint]:
        """The application returned. The message says what is missing."""
        state = self.state
        if state.is_over:
            return None
        if state.is_gone:
            self._cut()
            return None
        self.fail()
        if state is UNSTARTED:
            return requests.NO_RESPONSE
        if state is STARTED:
            return requests.NO_BODY
        return requests.INCOMPLETE

    # The end

    def _cut(self) -> None:
        """Ends the response where it is; the client can see that it is incomplete."""
        if self.state.head_is_sent:
            frame = body_header(self.id, channel_frame.END | ABORTED, 0)
        else:
            frame = head_start(self.id, 500, channel_frame.END | ABORTED, _CUT_HEAD)
        self._finish(frame)

    def _finish(self, frame: bytes) -> None:
        """The place is free once the frame is sent; background tasks of the application go on."""
        self.state = self.state.moves.get(END) or move(self.state, END)
        self._body = None
        if self._incoming is not None:
            self._incoming.end()
        self._place.finish(self._channel, frame, self.passed_bytes)
        self._ended(self)
