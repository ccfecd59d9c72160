"""One HTTP request of an ASGI application: its `receive` and `send`, and the frames that they become. asgi_worker.py
makes one for each ticket.
"""

from __future__ import annotations

import asyncio
import socket
from typing import Any, Callable, Coroutine, Dict, List, Optional, Tuple, Union

from tunicorn.asgi.http.head import header_lines, header_list, response_head
from tunicorn.asgi.http.incoming_body import IncomingBody
from tunicorn.asgi.http.path_response import send_path
from tunicorn.asgi.http.phases import ENDED, SENDING, STARTED, TRAILING, UNSTARTED
from tunicorn.asgi.places import Place
from tunicorn.generated_facts import FAILED_HEADERS, FAILED_PAGE_BYTES
from tunicorn.runqueue.asgi_channel import Channel
from tunicorn.runqueue.channel_frame import (
    ABORTED,
    CLOSING,
    END,
    FRAMED,
    body_header,
    failed_frame,
    head_frame,
    head_start,
    hints_frame,
    trailers_frame,
    tunnel_frame,
)

MAX_PIECE_BYTES = 1024 * 1024

_FAILED_HEADERS = [(name.lower().encode(), value.encode()) for name, value in FAILED_HEADERS]
_CUT_HEAD = b"500 Internal Server Error\r\n"

Message = Dict[str, Any]
Data = Union[bytes, memoryview]


class ClientGone(OSError):
    """Raised out of `send`, as the specification wants it: nobody reads this response any more."""


class HttpExchange:
    __slots__ = (
        "_bodiless",
        "_body",
        "_cancel",
        "_channel",
        "_content_length",
        "_ended",
        "_expects_trailers",
        "_gone_at",
        "_incoming",
        "_is_head",
        "_is_streamed",
        "_parts",
        "_place",
        "_sent",
        "_trailers",
        "body_bytes",
        "closes",
        "headers",
        "id",
        "is_gone",
        "is_stopped",
        "passed_bytes",
        "phase",
        "status",
        "task",
    )

    def __init__(
        self,
        place: Place,
        channel: Channel,
        ticket_id: int,
        cancel: int,
        *,
        is_head: bool,
        body: bytes,
        is_streamed: bool,
        ended: Callable[[HttpExchange], None],
    ) -> None:
        self.phase = UNSTARTED
        self.id = ticket_id
        self.is_gone = False
        # The worker's: it cancels the task at most once.
        self.is_stopped = False
        self.task: Optional[asyncio.Task[None]] = None
        self.status = 0
        # Whether the client's connection is to be closed behind the response.
        self.closes = False
        self.headers: List[Tuple[bytes, bytes]] = []
        # Of hints and body, through the channel; of the body alone.
        self.passed_bytes = 0
        self.body_bytes = 0
        self._place = place
        self._channel = channel
        self._cancel = cancel
        # None when the application has got it.
        self._body: Optional[bytes] = None if is_streamed else body
        self._is_streamed = is_streamed
        self._incoming: Optional[IncomingBody] = None
        self._is_head = is_head
        self._bodiless = is_head
        self._expects_trailers = False
        self._content_length = -1
        self._sent = 0
        self._ended = ended

    # What the application calls

    async def receive(self) -> Message:
        body = self._body
        if body is not None:
            self._body = None
            return {"type": "http.request", "body": body, "more_body": False}
        incoming = self._incoming
        if incoming is None:
            incoming = self._incoming = IncomingBody(self, self._place, self._channel, self._is_streamed)
        return await incoming.receive()

    async def send(self, message: Message) -> None:
        kind = message["type"]
        if self.is_gone or self._place.claim.is_cancelled(self._cancel, self.id):
            self._refuse_gone()
        if kind == "http.response.body":
            # Most responses are one message, which costs no coroutine of its own.
            rest = self._take_body(message)
            if rest is not None:
                await rest
        elif kind == "http.response.start":
            self._start(message)
        elif kind == "http.response.trailers":
            await self._send_trailers(message)
        elif kind == "http.response.pathsend":
            await self._send_path(message)
        elif kind == "http.response.early_hint":
            await self._send_hints([(b"link", link) for link in message.get("links") or ()])
        elif kind == "http.response.informational":
            # Gunicorn's own: of the interim responses, 103 is the only one that is an application's to send.
            if message.get("status") == 103:
                await self._send_hints(message.get("headers") or ())
        else:
            raise RuntimeError(f"Unexpected ASGI message '{kind}'; it is not one of an HTTP response")

    # What the worker calls

    def has_run_for(self, seconds: float) -> bool:
        return self._place.claim.has_run_for(seconds)

    def gone_for(self, now: float) -> float:
        """Seconds since the client left."""
        return now - self._gone_at

    def is_cancelled(self) -> bool:
        return self._place.claim.is_cancelled(self._cancel, self.id)

    def gone(self) -> None:
        """The client has left, or has been answered by the gateway."""
        if self.is_gone or self.phase == ENDED:
            return
        self.is_gone = True
        self._gone_at = self._place.loop.time()
        self._wake()

    def take_over(self) -> socket.socket:
        """The client's connection, raw, instead of a response; `released` is to be called at its end. Only for a
        request to upgrade, after an ASK, and instead of WATCH.
        """
        self._channel.write(tunnel_frame(self.id))
        self.phase = ENDED
        self._place.claim.stream()
        return self._channel.detach()

    def released(self) -> None:
        self._place.release()
        self._ended(self)

    def fail(self) -> None:
        """The application has raised: 500 while the head is not sent, else the client sees the response cut off."""
        if self.phase >= ENDED:
            return
        if self.phase >= SENDING or self.is_gone:
            self._cut()
            return
        self.status = 500
        self.headers = _FAILED_HEADERS
        self.body_bytes = 0 if self._is_head else FAILED_PAGE_BYTES
        self._finish(failed_frame(self.id, self.closes))

    def returned(self) -> Optional[str]:
        """The application has returned; what it has left undone is said."""
        phase = self.phase
        if phase == ENDED:
            return None
        if self.is_gone:
            self._cut()
            return None
        self.fail()
        if phase == UNSTARTED:
            return "The application returned without a response."
        if phase == STARTED:
            return "The application returned before it had sent a body."
        return "The application returned before its response was complete."

    # The response

    def _check_client(self) -> None:
        if self.is_gone or self.is_cancelled():
            self._refuse_gone()

    def _refuse_gone(self) -> None:
        self.gone()
        raise ClientGone("the client has left")

    def _start(self, message: Message) -> None:
        if self.phase != UNSTARTED:
            raise RuntimeError("Unexpected ASGI message 'http.response.start': the response has begun already")
        headers = header_list(message.get("headers"))
        status, parts, content_length, closes = response_head(message["status"], headers)
        if status < 200:
            raise RuntimeError(f"http.response.start has status {status}; an interim response is not a response")
        self.headers = headers
        self.status = status
        self._parts = parts
        self._content_length = content_length
        self.closes = self.closes or closes
        if status == 204 or status == 205 or status == 304:
            self._bodiless = True
        self._expects_trailers = bool(message.get("trailers", False))
        self.phase = STARTED

    def _take_body(self, message: Message) -> Optional[Coroutine[Any, Any, None]]:
        """What is left to do; None when this has been the end of the response."""
        phase = self.phase
        if phase == UNSTARTED or phase >= TRAILING:
            when = "before 'http.response.start'" if phase == UNSTARTED else "after the response was complete"
            raise RuntimeError(f"Unexpected ASGI message 'http.response.body' {when}")
        data: Data = message.get("body", b"")
        if data.__class__ is not bytes:
            data = bytes(memoryview(data))
        more = message.get("more_body", False)
        if self._bodiless:
            data = b""
        size = len(data)
        length = self._content_length
        sent = self._sent + size
        if length >= 0:
            if sent > length:
                raise RuntimeError(f"the response's body is longer than its content-length of {length}")
            if not more and sent < length and not self._bodiless:
                raise RuntimeError(f"the response's body has {sent} bytes; its content-length is {length}")
        elif phase == STARTED and not more and not self._bodiless and not self._expects_trailers:
            self._content_length = size
            self._parts.append(b"content-length: %d\r\n" % size)
        self._sent = sent
        if more or self._expects_trailers or size > MAX_PIECE_BYTES:
            return self._send_pieces(data, bool(more))
        self._finish(self._frame(data, END))
        return None

    async def _send_pieces(self, data: Data, more: bool) -> None:
        if len(data) > MAX_PIECE_BYTES:
            # A client that has gone is noticed between frames, so a frame must not be as long as a response may be.
            view = memoryview(data)
            while len(view) > MAX_PIECE_BYTES:
                await self._send_piece(view[:MAX_PIECE_BYTES])
                self._check_client()
                view = view[MAX_PIECE_BYTES:]
            data = view
        if not more and not self._expects_trailers:
            self._finish(self._frame(data, END))
            return
        if data or self.phase == STARTED:
            await self._send_piece(data)
        if not more:
            self._trailers = b""
            self.phase = TRAILING

    async def _send_trailers(self, message: Message) -> None:
        if self.phase != TRAILING:
            raise RuntimeError(
                "Unexpected ASGI message 'http.response.trailers': it comes after the last body message "
                "of a response that has announced trailers"
            )
        self._trailers += header_lines(message.get("headers"))
        if not message.get("more_trailers", False):
            self._finish(trailers_frame(self.id, self._trailers))

    async def _send_path(self, message: Message) -> None:
        if self.phase != STARTED:
            raise RuntimeError("Unexpected ASGI message 'http.response.pathsend': it follows 'http.response.start'")
        await send_path(message["path"], self._place.loop, self._announce, self.send)

    def _announce(self, size: int) -> int:
        """Of a file of so many bytes, how many are to be sent."""
        if self._content_length < 0:
            self._parts.append(b"content-length: %d\r\n" % size)
            self._content_length = size
        return 0 if self._bodiless else self._content_length

    async def _send_hints(self, headers: Any) -> None:
        if self.phase >= SENDING:
            raise RuntimeError("early hints come before the response")
        lines = header_lines(headers)
        if lines:
            self.passed_bytes += len(lines)
            await self._transmit(hints_frame(self.id, lines))

    async def _send_piece(self, data: Data) -> None:
        frame = self._frame(data, 0)
        if self.phase == STARTED:
            self._place.claim.stream()
            self.phase = SENDING
        await self._transmit(frame)

    def _frame(self, data: Data, flags: int) -> bytes:
        size = len(data)
        self.body_bytes += size
        self.passed_bytes += size
        if self.phase != STARTED:
            return body_header(self.id, flags, size) + data
        if self._content_length >= 0:
            flags |= FRAMED
        if self.closes:
            flags |= CLOSING
        return head_frame(self.id, self.status, flags, self._parts, data)

    async def _transmit(self, frame: bytes) -> None:
        channel = self._channel
        await channel.send(frame)
        if channel.is_lost:
            self.gone()
            raise ClientGone("the channel to the gateway is lost")

    def _cut(self) -> None:
        """No more comes: the client sees that the response is not whole."""
        if self.phase >= SENDING:
            frame = body_header(self.id, END | ABORTED, 0)
        else:
            frame = head_start(self.id, 500, END | ABORTED, _CUT_HEAD, 0)
        self._finish(frame)

    def _finish(self, frame: bytes) -> None:
        """The last frame. The place is free as soon as it has gone; a background task of the application goes on."""
        self.phase = ENDED
        self._body = None
        if self._incoming is not None:
            self._incoming.end()
        self._place.finish(self._channel, frame, self.passed_bytes)
        self._ended(self)

    def _wake(self) -> None:
        if self._incoming is not None:
            self._incoming.wake()
