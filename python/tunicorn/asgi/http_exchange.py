"""One HTTP request of an ASGI application: its `receive` and `send`, and the frames that they become."""

from __future__ import annotations

import asyncio
import os
from typing import IO, Any, Callable, Dict, Iterable, Optional, Tuple

from tunicorn.asgi.channel import Channel
from tunicorn.asgi.head import header_lines, response_head
from tunicorn.asgi.places import Place
from tunicorn.channel_frame import (
    ABORTED,
    DATA,
    END,
    FRAMED,
    GONE,
    GatewayFrame,
    body_header,
    head_start,
    hints_frame,
    trailers_frame,
    watch_frame,
)

# The phases, in their order. STARTED: the head is known and not sent. TRAILING: the body is complete, trailers follow.
UNSTARTED, STARTED, SENDING, TRAILING, ENDED = range(5)

MAX_PIECE_BYTES = 1024 * 1024
# Beyond this, a streamed body stays in the channel until the application asks for more.
_QUEUE_LIMIT_BYTES = 256 * 1024
_SPOOL_PIECE_BYTES = 64 * 1024

ERROR_PAGE = (
    b"<html>\n  <head>\n    <title>Internal Server Error</title>\n  </head>\n"
    b"  <body>\n    <h1><p>Internal Server Error</p></h1>\n    \n  </body>\n</html>\n"
)
_ERROR_HEAD = (
    b"500 Internal Server Error\r\ncontent-type: text/html; charset=utf-8\r\ncontent-length: %d\r\n" % len(ERROR_PAGE)
)
_CUT_HEAD = b"500 Internal Server Error\r\n"

Message = Dict[str, Any]


class ClientGone(OSError):
    """Raised out of `send`, as the specification wants it: nobody reads this response any more."""


class HttpExchange:
    __slots__ = (
        "_body",
        "_bodiless",
        "_cancel",
        "_channel",
        "_content_length",
        "_ended",
        "_expects_trailers",
        "_gone",
        "_gone_at",
        "_id",
        "_is_first_receive",
        "_is_streamed",
        "_parts",
        "_place",
        "_pieces",
        "_queued_bytes",
        "_sent",
        "_spool",
        "_trailers",
        "_upload",
        "_waiter",
        "headers",
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
        spool: Optional[IO[bytes]],
        is_streamed: bool,
        ended: Callable[[HttpExchange], None],
    ) -> None:
        self.phase = UNSTARTED
        self.status = 0
        self.headers: Iterable[Tuple[bytes, bytes]] = ()
        self.task: Optional[asyncio.Task[None]] = None
        # Bytes of hints and body that have gone through the channel.
        self.passed_bytes = 0
        self._place = place
        self._channel = channel
        self._id = ticket_id
        self._cancel = cancel
        self._body = body
        self._spool = spool
        self._is_streamed = is_streamed
        self._is_first_receive = True
        # Of a streamed body: "coming" until its last piece is here, "cut" when there will be no last piece.
        self._upload = "coming" if is_streamed else "whole"
        self._pieces: list[bytes] = []
        self._queued_bytes = 0
        self._waiter: Optional[asyncio.Future[None]] = None
        self._gone = False
        self._gone_at = 0.0
        self._bodiless = is_head
        self._expects_trailers = False
        self._trailers = b""
        self._content_length = -1
        self._sent = 0
        self._ended = ended

    # What the application calls

    async def receive(self) -> Message:
        if self._is_first_receive and not self._is_streamed:
            if self._spool is not None:
                return self._next_of_spool()
            self._is_first_receive = False
            body, self._body = self._body, b""
            return {"type": "http.request", "body": body, "more_body": False}
        if self.phase == ENDED:
            return {"type": "http.disconnect"}
        self._watch()
        while True:
            if self._pieces or (self._upload == "complete"):
                return self._next_piece()
            if self._gone or self.phase == ENDED:
                return {"type": "http.disconnect"}
            if self._waiter is None:
                self._waiter = self._place.loop.create_future()
            # Several may wait at once: a middleware and the application, for instance.
            await asyncio.shield(self._waiter)

    async def send(self, message: Message) -> None:
        kind = message["type"]
        if self._gone or self._place.claim.is_cancelled(self._cancel, self._id):
            self.gone()
            raise ClientGone("the client has left")
        if kind == "http.response.body":
            await self._send_body(message)
        elif kind == "http.response.start":
            self._start(message)
        elif kind == "http.response.trailers":
            await self._send_trailers(message)
        elif kind == "http.response.pathsend":
            await self._send_path(message)
        elif kind == "http.response.early_hint":
            await self._send_hints([(b"link", link) for link in message.get("links", ())])
        elif kind == "http.response.informational":
            # Gunicorn's own: of the interim responses, 103 is the only one that is an application's to send.
            if message.get("status") == 103:
                await self._send_hints(message.get("headers", ()))
        else:
            raise RuntimeError(f"Unexpected ASGI message '{kind}'; it is not one of an HTTP response")

    # What the worker calls

    @property
    def is_gone(self) -> bool:
        return self._gone

    @property
    def id(self) -> int:
        return self._id

    def is_cancelled(self) -> bool:
        return self._place.claim.is_cancelled(self._cancel, self._id)

    def gone_for(self, now: float) -> float:
        """Seconds since the client left."""
        return now - self._gone_at

    def gone(self) -> None:
        """The client has left, or has been answered by the gateway."""
        if self._gone or self.phase == ENDED:
            return
        self._gone = True
        self._gone_at = self._place.loop.time()
        self._wake()

    def fail(self) -> None:
        """The application has raised: 500 while the head is not sent, else the client sees the response cut off."""
        if self.phase >= ENDED:
            return
        if self.phase >= SENDING or self._gone:
            self._cut()
            return
        body = b"" if self._bodiless else ERROR_PAGE
        self.status = 500
        self._finish(head_start(self._id, 500, END | FRAMED, _ERROR_HEAD, len(body)) + body)

    def returned(self) -> Optional[str]:
        """The application has returned; what it has left undone is said."""
        if self.phase == ENDED:
            return None
        if self._gone:
            self._cut()
            return None
        if self.phase == UNSTARTED:
            self.fail()
            return "The application returned without a response."
        if self.phase == STARTED:
            self.phase = UNSTARTED
            self.fail()
            return "The application returned before it had sent a body."
        self._cut()
        return "The application returned before its response was complete."

    # The request

    def _watch(self) -> None:
        channel = self._channel
        if channel.on_frame != self._frame and not self._gone:
            channel.on_frame = self._frame
            channel.write(watch_frame(self._id))
            channel.read()
            if channel.is_lost:
                self.gone()

    def _frame(self, frame: Optional[GatewayFrame]) -> None:
        if frame is None:
            self.gone()
            return
        if frame.id != self._id:
            return
        if frame.type == GONE:
            self.gone()
        elif frame.type == DATA:
            if frame.payload:
                self._pieces.append(frame.payload)
                self._queued_bytes += len(frame.payload)
                if self._queued_bytes > _QUEUE_LIMIT_BYTES:
                    self._channel.pause()
            if frame.flags & ABORTED:
                self._upload = "cut"
                self.gone()
            elif frame.flags & END:
                self._upload = "complete"
            self._wake()

    def _next_piece(self) -> Message:
        body = b"".join(self._pieces)
        self._pieces.clear()
        if self._queued_bytes > _QUEUE_LIMIT_BYTES:
            self._channel.read()
        self._queued_bytes = 0
        is_last = self._upload == "complete"
        if is_last:
            self._upload = "whole"
        return {"type": "http.request", "body": body, "more_body": not is_last}

    def _next_of_spool(self) -> Message:
        # A file of the gateway's, most likely still in the page cache: reading a piece takes less than a thread would.
        assert self._spool is not None
        piece = self._spool.read(_SPOOL_PIECE_BYTES)
        more = len(piece) == _SPOOL_PIECE_BYTES
        if not more:
            self._spool.close()
            self._spool = None
            self._is_first_receive = False
        return {"type": "http.request", "body": piece, "more_body": more}

    def _wake(self) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    # The response

    def _start(self, message: Message) -> None:
        if self.phase != UNSTARTED:
            raise RuntimeError("Unexpected ASGI message 'http.response.start': the response has begun already")
        status = message["status"]
        headers = message.get("headers") or ()
        parts, self._content_length = response_head(status, headers)
        self.headers = headers
        if status < 200:
            raise RuntimeError(f"http.response.start has status {status}; an interim response is not a response")
        self._parts = parts
        self.status = status
        if status == 204 or status == 304:
            self._bodiless = True
        self._expects_trailers = bool(message.get("trailers", False)) and not self._bodiless
        self.phase = STARTED

    async def _send_body(self, message: Message) -> None:
        phase = self.phase
        if phase == UNSTARTED or phase >= TRAILING:
            when = "before 'http.response.start'" if phase == UNSTARTED else "after the response was complete"
            raise RuntimeError(f"Unexpected ASGI message 'http.response.body' {when}")
        data = message.get("body", b"")
        if data.__class__ is not bytes:
            data = bytes(memoryview(data))
        more = message.get("more_body", False)
        if self._bodiless:
            data = b""
        size = len(data)
        length = self._content_length
        if length >= 0 and not self._bodiless:
            if self._sent + size > length:
                raise RuntimeError(f"the response's body is longer than its content-length of {length}")
            if not more and self._sent + size < length:
                raise RuntimeError(f"the response's body has {self._sent + size} bytes; its content-length is {length}")
        elif phase == STARTED and not more and not self._bodiless and not self._expects_trailers:
            self._content_length = size
            self._parts.append(b"content-length: %d\r\n" % size)
        self._sent += size
        if size > MAX_PIECE_BYTES:
            # A client that has gone is noticed between frames, so a frame must not be as long as a response may be.
            view = memoryview(data)
            whole_pieces = (size - 1) // MAX_PIECE_BYTES
            for number in range(whole_pieces):
                await self._emit(bytes(view[number * MAX_PIECE_BYTES : (number + 1) * MAX_PIECE_BYTES]), 0)
            data = bytes(view[whole_pieces * MAX_PIECE_BYTES :])
        if not more and not self._expects_trailers:
            await self._emit(data, END)
            return
        if data or self.phase == STARTED:
            await self._emit(data, 0)
        if not more:
            self.phase = TRAILING

    async def _send_trailers(self, message: Message) -> None:
        if self.phase != TRAILING:
            raise RuntimeError(
                "Unexpected ASGI message 'http.response.trailers': it comes after the last body message "
                "of a response that has announced trailers"
            )
        self._trailers += header_lines(message.get("headers") or ())
        if not message.get("more_trailers", False):
            self._finish(trailers_frame(self._id, self._trailers))

    async def _send_path(self, message: Message) -> None:
        if self.phase != STARTED:
            raise RuntimeError("Unexpected ASGI message 'http.response.pathsend': it follows 'http.response.start'")
        with open(message["path"], "rb") as file:
            left = self._content_length
            if left < 0:
                left = os.fstat(file.fileno()).st_size
                self._parts.append(b"content-length: %d\r\n" % left)
                self._content_length = left
            if self._bodiless or left == 0:
                await self._emit(b"", END)
            while left > 0 and self.phase != ENDED:
                piece = file.read(min(left, MAX_PIECE_BYTES // 4))
                if not piece:
                    raise RuntimeError(f"{message['path']!r} is shorter than the response's content-length")
                left -= len(piece)
                await self.send({"type": "http.response.body", "body": piece, "more_body": left > 0})

    async def _send_hints(self, headers: Any) -> None:
        if self.phase >= SENDING:
            raise RuntimeError("early hints come before the response")
        lines = header_lines(headers)
        self.passed_bytes += len(lines)
        await self._transmit(hints_frame(self._id, lines))

    async def _emit(self, data: bytes, flags: int) -> None:
        if self.phase == STARTED:
            if self._content_length >= 0:
                flags |= FRAMED
            frame = head_start(self._id, self.status, flags, b"".join(self._parts), len(data)) + data
        else:
            frame = body_header(self._id, flags, len(data)) + data
        self.passed_bytes += len(data)
        if flags & END:
            self._finish(frame)
            return
        if self.phase == STARTED:
            self._place.claim.stream()
            self.phase = SENDING
        await self._transmit(frame)

    async def _transmit(self, frame: bytes) -> None:
        channel = self._channel
        if not channel.write(frame):
            await channel.flushed()
        if channel.is_lost:
            self.gone()
            raise ClientGone("the channel to the gateway is lost")

    def _cut(self) -> None:
        """No more comes: the client sees that the response is not whole."""
        if self.phase >= SENDING:
            frame = body_header(self._id, END | ABORTED, 0)
        else:
            frame = head_start(self._id, 500, END | ABORTED, _CUT_HEAD, 0)
        self._finish(frame)

    def _finish(self, frame: bytes) -> None:
        """The last frame. The place is free as soon as it has gone; a background task of the application goes on."""
        self.phase = ENDED
        if self._spool is not None:
            self._spool.close()
            self._spool = None
        if self._channel.on_frame == self._frame:
            self._channel.on_frame = _nobody
        self._wake()
        self._place.finish(self._channel, frame, self.passed_bytes)
        self._ended(self)


def _nobody(frame: Optional[GatewayFrame]) -> None:
    """What still comes belongs to a ticket that is over."""
