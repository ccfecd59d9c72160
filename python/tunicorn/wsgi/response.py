"""One response as the application sees it: `start_response`, `write`, the iterable, and the environ's functions
`wsgi.early_hints` and `tunicorn.client_disconnected`.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable
from types import TracebackType
from typing import Any, Callable, Union

from tunicorn.channels.channel_frame import ABORTED, END
from tunicorn.channels.client_gone import ClientGone
from tunicorn.generated_facts import FAILED_PAGE_BYTES
from tunicorn.wsgi.file_wrapper import FileWrapper
from tunicorn.wsgi.response_frames import MAX_PIECE_BYTES, ResponseFrames
from tunicorn.wsgi.response_head import InvalidResponse, hint_lines, response_head
from tunicorn.wsgi.response_phase import FAILED, GONE, SENDING, STARTED, TAKEN_OVER, UNSTARTED

ExcInfo = Union[tuple[type[BaseException], BaseException, TracebackType], tuple[None, None, None]]

_JOIN_LIMIT_BYTES = 64 * 1024


class Response(ResponseFrames):
    __slots__ = ()

    @property
    def status_code(self) -> int | None:
        if self.phase is TAKEN_OVER:
            return 101
        return None if self.phase is UNSTARTED else self._status

    @property
    def declared_length(self) -> int | None:
        if self.phase is UNSTARTED or self.phase is TAKEN_OVER or self._content_length < 0:
            return None
        return self._content_length

    @property
    def page_bytes(self) -> int:
        """Size of the page that the gateway has sent instead of a response."""
        return FAILED_PAGE_BYTES if self.phase is FAILED and self._method != "HEAD" else 0

    def start_response(
        self, status: str, headers: list[tuple[str, str]], exc_info: ExcInfo | None = None
    ) -> Callable[[bytes], None]:
        if self.phase is TAKEN_OVER:
            return self.write
        if self.phase is not UNSTARTED:
            if not exc_info:
                raise AssertionError("Response headers already set!")
            if self.phase is not STARTED:
                try:
                    if exc_info[1] is None:
                        raise AssertionError("Response headers already sent!")
                    raise exc_info[1].with_traceback(exc_info[2])
                finally:
                    exc_info = None  # PEP 3333: avoids a reference cycle of the traceback and this frame
        head = response_head(status, headers)
        code = head.status
        if code < 200 and not (code == 101 and self.may_upgrade):
            raise InvalidResponse(
                f"response status is {status!r}; an interim response is not a response, "
                "and 101 needs a request to upgrade"
            )
        # Only now, so that rejected headers change nothing.
        self._status, self._head, self._content_length, closes = head
        self.closes = self.closes or closes
        self._bodiless = code < 200 or code == 204 or code == 205 or code == 304 or self._method == "HEAD"
        self.phase = STARTED
        return self.write

    def early_hints(self, headers: Iterable[tuple[str | bytes, str | bytes]]) -> None:
        """`wsgi.early_hints`: each call before the head is sent sends an interim response 103."""
        if self.phase.has_begun:
            return
        lines = hint_lines(headers).encode("latin-1")
        if not self._claim.is_cancelled(self._cancel, self._id):
            self._channel.hints(self._id, lines)
            self.passed_bytes += len(lines)

    def take_over(self) -> socket.socket:
        """The client's connection, raw. `timeout` does not apply to it."""
        if self.phase.has_begun:
            raise OSError("the response has begun, so the connection can no longer be taken over")
        raw = self._channel.tunnel(self._id)
        self.phase = TAKEN_OVER
        self._claim.stream()
        self._claim.hold()
        return raw

    def is_cancelled(self) -> bool:
        """Whether the gateway has ended the request, because the client has left or at the deadline. A half-close alone
        does not end it: such a client may still read the response.
        """
        return self.phase is GONE or self._claim.is_cancelled(self._cancel, self._id)

    def client_disconnected(self) -> bool:
        """`tunicorn.client_disconnected`; it only reads shared memory, so it may be called often."""
        # The phase remembers a departure: after END, the entry on the board soon belongs to another ticket.
        return self.phase is GONE or self._claim.has_left(self._cancel, self._id)

    def write(self, data: bytes) -> None:
        """The function that `start_response` returns."""
        if not isinstance(data, bytes):
            raise TypeError(f"write() takes bytes, not {type(data).__name__}")
        if data and not self._push(data) and self.phase is GONE:
            raise ClientGone("the client has closed the connection")

    def send(self, result: Iterable[bytes]) -> None:
        """Sends everything that the application returned, up to END; stops if the client leaves."""
        kind = result.__class__
        if (kind is list or kind is tuple) and self.phase is STARTED:
            result = self._known_whole(result)
            if result is None:
                return
        elif isinstance(result, FileWrapper) and self.phase is STARTED and not self._bodiless:
            file = result.plain_file()
            if file is not None and self._send_file(file):
                return
        for item in result:
            if item.__class__ is not bytes:
                _check_is_bytes(item)
            if item and not self._push(item):
                break
        self._end()

    def fail(self) -> None:
        """The application failed: sends 500 if the head is not sent yet; otherwise cuts the response off."""
        if self.phase.is_over:
            return
        if self.phase is SENDING:
            self._emit(b"", END | ABORTED)
            return
        self._emit_failed()

    def _known_whole(self, items: Any) -> Any:
        """For a complete body: its length is known, and it mostly fits into one frame. None: everything is sent."""
        if len(items) == 1:
            body = items[0]
            if body.__class__ is not bytes:
                _check_is_bytes(body)
            size = len(body)
        else:
            for item in items:
                if item.__class__ is not bytes:
                    _check_is_bytes(item)
            size = sum(map(len, items))
            body = None if size > _JOIN_LIMIT_BYTES else b"".join(items)
        if self._bodiless:
            return items
        if self._content_length < 0:
            self._content_length = size
            self._head += b"Content-Length: %d\r\n" % size
        if body is None or size != self._content_length or size > MAX_PIECE_BYTES:
            return items
        self._emit(body, END)
        return None

def _check_is_bytes(item: object) -> None:
    if not isinstance(item, bytes):
        raise TypeError(f"the application's iterable must yield bytes, not {type(item).__name__}")
