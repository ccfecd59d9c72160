"""The response of an ASGI application to an HTTP request: turns its messages into frames. HttpExchange adds the rest.
"""

from __future__ import annotations

from typing import Any, Coroutine, Dict, List, NoReturn, Optional, Tuple, Union

from tunicorn.asgi.http.head import header_lines, header_list, response_head
from tunicorn.asgi.http.path_response import send_path
from tunicorn.asgi.http.response_state import (
    PIECE,
    START,
    STARTED,
    TRAIL,
    TRAILING,
    IllegalMove,
    ResponseState,
    move,
    refusal,
)
from tunicorn.asgi.places import Place
from tunicorn.asgi.transmit import transmit
from tunicorn.channels.asgi_channel import Channel
from tunicorn.channels.channel_frame import (
    CLOSING,
    END,
    FRAMED,
    HEAD,
    body_header,
    hints_frame,
    pack_head,
    trailers_frame,
)
from tunicorn.channels.client_gone import ClientGone

MAX_PIECE_BYTES = 1024 * 1024
_BODILESS = frozenset((204, 205, 304))

Message = Dict[str, Any]
Data = Union[bytes, memoryview]


class HttpResponse:
    __slots__ = (
        "_bodiless",
        "_cancel",
        "_channel",
        "_content_length",
        "_expects_trailers",
        "_head",
        "_is_head",
        "_place",
        "_sent",
        "_trailers",
        "body_bytes",
        "closes",
        "headers",
        "id",
        "passed_bytes",
        "state",
        "status",
    )

    # The subclass sets all of these: a constructor here would cost each request one more call.
    _cancel: int
    _channel: Channel
    _content_length: int
    _head: bytes
    _is_head: bool
    _place: Place
    _sent: int
    # Whether to close the client's connection after the response.
    closes: bool
    headers: List[Tuple[bytes, bytes]]
    id: int
    # Bytes of hints and body, as the channel counts them; bytes of the body alone.
    passed_bytes: int
    body_bytes: int
    state: ResponseState
    status: int

    # For the subclass to implement

    def gone(self) -> None:
        """The client has left, or the gateway has answered it."""
        raise NotImplementedError

    def _finish(self, frame: bytes) -> None:
        """Writes the last frame."""
        raise NotImplementedError

    # For the application

    async def send(self, message: Message) -> None:
        kind = message["type"]
        if self.state.is_gone or self._place.claim.cancels[self._cancel] == self.id:
            self._refuse_gone()
        if kind == "http.response.body":
            # Most responses are one message, which needs no coroutine of its own.
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
            # Gunicorn's extension. The only interim response that an application may send is 103.
            if message.get("status") == 103:
                await self._send_hints(message.get("headers") or ())
        else:
            raise RuntimeError(f"Unexpected ASGI message '{kind}'; it is not one of an HTTP response")

    # The steps of a response

    def is_cancelled(self) -> bool:
        return self._place.claim.cancels[self._cancel] == self.id

    def _check_client(self) -> None:
        if self.state.is_gone or self.is_cancelled():
            self._refuse_gone()

    def _refuse_gone(self) -> NoReturn:
        self.gone()
        raise ClientGone("the client has left")

    def _start(self, message: Message) -> None:
        state = self.state
        after = state.moves.get(START)
        if after is None:
            raise refusal(state, START)
        headers = message.get("headers")
        if headers.__class__ is not list:
            headers = header_list(headers)
        status, head, content_length, closes = response_head(message["status"], headers)
        if status < 200:
            raise RuntimeError(f"http.response.start has status {status}; an interim response is not a response")
        self.headers = headers
        self.status = status
        self._head = head
        self._content_length = content_length
        if closes:
            self.closes = True
        self._bodiless = self._is_head or status in _BODILESS
        self._expects_trailers = bool(message.get("trailers", False))
        self.state = after

    def _take_body(self, message: Message) -> Optional[Coroutine[Any, Any, None]]:
        """Returns the remaining work; None if this was the end of the response."""
        state = self.state
        if PIECE not in state.moves:
            raise refusal(state, PIECE)
        data: Data = message.get("body", b"")
        if data.__class__ is not bytes:
            data = bytes(memoryview(data))
        more = message.get("more_body", False)
        bodiless, expects_trailers = self._bodiless, self._expects_trailers
        if bodiless:
            data = b""
        size = len(data)
        length = self._content_length
        sent = self._sent + size
        if length >= 0:
            if sent > length:
                raise RuntimeError(f"the response's body is longer than its content-length of {length}")
            if not more and sent < length and not bodiless:
                raise RuntimeError(f"the response's body has {sent} bytes; its content-length is {length}")
        elif state is STARTED and not more and not bodiless and not expects_trailers:
            self._content_length = size
            self._head += b"content-length: %d\r\n" % size
        self._sent = sent
        if more or expects_trailers or size > MAX_PIECE_BYTES:
            return self._send_pieces(data, bool(more))
        self._finish(self._frame(data, END))
        return None

    async def _send_pieces(self, data: Data, more: bool) -> None:
        if len(data) > MAX_PIECE_BYTES:
            # A departed client is noticed between frames, so frames must be shorter than the longest responses.
            view = memoryview(data)
            while len(view) > MAX_PIECE_BYTES:
                await self._send_piece(view[:MAX_PIECE_BYTES])
                self._check_client()
                view = view[MAX_PIECE_BYTES:]
            data = view
        if not more and not self._expects_trailers:
            self._finish(self._frame(data, END))
            return
        if data or self.state is STARTED:
            await self._send_piece(data)
        if not more and not self.state.is_gone:
            self._trailers = b""
            self.state = move(self.state, TRAIL)

    async def _send_trailers(self, message: Message) -> None:
        if self.state is not TRAILING:
            raise IllegalMove(
                "Unexpected ASGI message 'http.response.trailers': it comes after the last body message "
                "of a response that has announced trailers"
            )
        self._trailers += header_lines(message.get("headers"))
        if not message.get("more_trailers", False):
            self._finish(trailers_frame(self.id, self._trailers))

    async def _send_path(self, message: Message) -> None:
        if self.state is not STARTED:
            raise IllegalMove("Unexpected ASGI message 'http.response.pathsend': it follows 'http.response.start'")
        await send_path(message["path"], self._place.loop, self._announce, self.send)

    def _announce(self, size: int) -> int:
        """How many bytes of a file of this size to send."""
        if self._content_length < 0:
            self._head += b"content-length: %d\r\n" % size
            self._content_length = size
        return 0 if self._bodiless else self._content_length

    async def _send_hints(self, headers: Any) -> None:
        if self.state.head_is_sent:
            raise IllegalMove("early hints come before the response")
        lines = header_lines(headers)
        if lines:
            self.passed_bytes += len(lines)
            await transmit(self._channel, hints_frame(self.id, lines), self.gone)

    async def _send_piece(self, data: Data) -> None:
        after = move(self.state, PIECE)
        frame = self._frame(data, 0)
        if self.state is STARTED:
            self._place.claim.stream()
        self.state = after
        await transmit(self._channel, frame, self.gone)

    def _frame(self, data: Data, flags: int) -> bytes:
        size = len(data)
        self.body_bytes += size
        self.passed_bytes += size
        if self.state is not STARTED:
            return body_header(self.id, flags, size) + data
        if self._content_length >= 0:
            flags |= FRAMED
        if self.closes:
            flags |= CLOSING
        head = self._head
        head_bytes = len(head)
        header = pack_head(20 + head_bytes + size, HEAD, flags, self.status, self.id, head_bytes)
        # One join, where head_start() would copy a large body once more.
        return b"".join((header, head, data))
