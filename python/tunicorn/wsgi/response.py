"""One response: `start_response`, `write`, and the frames that they and the application's iterable become; and what the
environ offers about it, `wsgi.early_hints` and `tunicorn.client_disconnected`.

The request runner makes one for each request. It is the hot path: a list of one bytes object is one frame.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable
from types import TracebackType
from typing import Any, Callable, Union

from tunicorn.runqueue.channel import ABORTED, CLOSING, END, FRAMED, Channel
from tunicorn.runqueue.claims_board import ClaimSlot
from tunicorn.runqueue.fault_points import FAULT
from tunicorn.wsgi.error_log import ErrorLog
from tunicorn.wsgi.file_wrapper import FileWrapper, PlainFile
from tunicorn.wsgi.response_head import InvalidResponse, hint_lines, response_head

ExcInfo = Union[tuple[type[BaseException], BaseException, TracebackType], tuple[None, None, None]]

# The phases, in their order. STARTED: the head is known and not sent. GONE: ended because the client went. TAKEN_OVER:
# the application speaks with the client by itself, and what it responds is ignored.
UNSTARTED, STARTED, SENDING, ENDED, GONE, TAKEN_OVER = range(6)

# A client that has gone is noticed between frames, so a frame must not be as long as a response may be.
MAX_PIECE_BYTES = 1024 * 1024
_JOIN_LIMIT_BYTES = 64 * 1024
# A file of fewer bytes is sent sooner by reading it: it takes fewer frames.
_SENDFILE_MIN_BYTES = 256 * 1024

# Gunicorn's page, whose message is empty here: nothing of the exception is the client's to know.
ERROR_PAGE = (
    b"<html>\n  <head>\n    <title>Internal Server Error</title>\n  </head>\n"
    b"  <body>\n    <h1><p>Internal Server Error</p></h1>\n    \n  </body>\n</html>\n"
)
_ERROR_PARTS = (
    "500 Internal Server Error\r\n",
    f"Content-Type: text/html\r\nContent-Length: {len(ERROR_PAGE)}\r\n",
)


class ClientGone(ConnectionAbortedError):
    """Raised out of `write`: nobody reads this response any more."""


class Response:
    __slots__ = (
        "_bodiless",
        "_cancel",
        "_channel",
        "_claim",
        "_content_length",
        "_id",
        "_log",
        "_method",
        "_parts",
        "_sent",
        "_status",
        "closes",
        "may_upgrade",
        "passed_bytes",
        "phase",
    )

    def __init__(
        self, channel: Channel, claim: ClaimSlot, ticket_id: int, cancel: int, method: str, log: ErrorLog
    ) -> None:
        self.phase = UNSTARTED
        self._channel = channel
        self._claim = claim
        self._id = ticket_id
        self._cancel = cancel
        self._method = method
        self._log = log
        self._sent = 0
        # Whether the client's connection is to be closed behind the response.
        self.closes = False
        # Whether the request asks for another protocol, so that 101 may be the beginning of it.
        self.may_upgrade = False
        # Bytes of hints and body that have gone through the channel.
        self.passed_bytes = 0

    @property
    def status_code(self) -> int | None:
        if self.phase == TAKEN_OVER:
            return 101
        return None if self.phase == UNSTARTED else self._status

    @property
    def declared_length(self) -> int | None:
        if self.phase in (UNSTARTED, TAKEN_OVER) or self._content_length < 0:
            return None
        return self._content_length

    def start_response(
        self, status: str, headers: list[tuple[str, str]], exc_info: ExcInfo | None = None
    ) -> Callable[[bytes], None]:
        if self.phase == TAKEN_OVER:
            return self.write
        if self.phase != UNSTARTED:
            if not exc_info:
                raise AssertionError("Response headers already set!")
            if self.phase != STARTED:
                try:
                    if exc_info[1] is None:
                        raise AssertionError("Response headers already sent!")
                    raise exc_info[1].with_traceback(exc_info[2])
                finally:
                    exc_info = None  # PEP 3333: it would keep the traceback, and this frame, in a circle
        head = response_head(status, headers)
        code = head.status
        if code < 200 and not (code == 101 and self.may_upgrade):
            raise InvalidResponse(
                f"response status is {status!r}; an interim response is not a response, "
                "and 101 needs a request to upgrade"
            )
        # Only now: headers that are refused change nothing.
        self._status, self._parts, self._content_length, closes = head
        self.closes = self.closes or closes
        self._bodiless = code < 200 or code == 204 or code == 205 or code == 304 or self._method == "HEAD"
        self.phase = STARTED
        return self.write

    def early_hints(self, headers: Iterable[tuple[str | bytes, str | bytes]]) -> None:
        """`wsgi.early_hints`: an interim response 103, as often as it is called before the head goes out."""
        if self.phase > STARTED:
            return
        lines = hint_lines(headers).encode("latin-1")
        if not self._claim.is_cancelled(self._cancel, self._id):
            self._channel.hints(self._id, lines)
            self.passed_bytes += len(lines)

    def take_over(self) -> socket.socket:
        """The client's connection, raw. `timeout` does not hold for it."""
        if self.phase > STARTED:
            raise OSError("the response has begun; the connection cannot be taken over any more")
        raw = self._channel.tunnel(self._id)
        self.phase = TAKEN_OVER
        self._claim.stream()
        self._claim.hold()
        return raw

    def is_cancelled(self) -> bool:
        """Whether the gateway has ended the request, for a client that has left or at the deadline. It has not yet for
        one that has only closed its side: that may still read the response.
        """
        return self.phase == GONE or self._claim.is_cancelled(self._cancel, self._id)

    def client_disconnected(self) -> bool:
        """`tunicorn.client_disconnected`; it reads shared memory, so it may be asked as often as one likes."""
        # The phase remembers what was seen: after END, the entry on the board is soon another ticket's.
        return self.phase == GONE or self._claim.has_left(self._cancel, self._id)

    def write(self, data: bytes) -> None:
        """What `start_response` returns."""
        if not isinstance(data, bytes):
            raise TypeError(f"write() takes bytes, not {type(data).__name__}")
        if data and not self._push(data) and self.phase == GONE:
            raise ClientGone("the client has closed the connection")

    def send(self, result: Iterable[bytes]) -> None:
        """Everything that the application returned, to the END; less when the client goes away."""
        kind = result.__class__
        if (kind is list or kind is tuple) and self.phase == STARTED:
            result = self._known_whole(result)
            if result is None:
                return
        elif isinstance(result, FileWrapper) and self.phase == STARTED and not self._bodiless:
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
        """The application failed: 500 while the head is not sent, else the client sees the response cut off."""
        if self.phase >= ENDED:
            return
        if self.phase == SENDING:
            self._emit(b"", END | ABORTED)
            return
        self._status = 500
        self._parts = list(_ERROR_PARTS)
        self._content_length = len(ERROR_PAGE)
        self.phase = STARTED
        self._emit(b"" if self._method == "HEAD" else ERROR_PAGE, END)

    def _known_whole(self, items: Any) -> Any:
        """The whole body is here, so its length is known, and mostly one frame takes it. None: it is all sent."""
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
            self._parts.append(f"Content-Length: {size}\r\n")
        if body is None or size != self._content_length or size > MAX_PIECE_BYTES:
            return items
        self._emit(body, END)
        return None

    def _send_file(self, file: PlainFile) -> bool:
        """Has the kernel send what the response takes of the file. False: the file is to be read, nothing is sent."""
        end = os.fstat(file.fd).st_size
        if self._content_length >= 0:
            end = min(end, file.offset + self._content_length)
        if end - file.offset < _SENDFILE_MIN_BYTES:
            return False
        self._emit(b"", 0)
        # Looked at again for each piece: a frame that promises more than the file has could not be ended.
        while (offset := file.offset + self._sent) < (piece_end := min(end, os.fstat(file.fd).st_size)):
            if self._client_has_gone():
                return True
            size = min(piece_end - offset, MAX_PIECE_BYTES)
            self._channel.body_from_file(self._id, 0, file.fd, offset, size)
            self._sent += size
            self.passed_bytes += size
        self._end()
        return True

    def _push(self, data: bytes) -> bool:
        """Send a piece that is not empty. False: nothing more is wanted."""
        phase = self.phase
        if phase >= ENDED:
            return False
        if phase == UNSTARTED:
            raise InvalidResponse("the application sent a body before it called start_response()")
        if self._bodiless:
            self._log.warning(
                f"WSGI app sent body bytes on a no-body response (method={self._method} status={self._status}); "
                "dropping per RFC 9110."
            )
            self._emit(b"", END)
            return False
        flags = 0
        size = len(data)
        length = self._content_length
        if length >= 0:
            left = length - self._sent
            if size >= left:
                # The last byte that the client waits for: END goes with it, whatever the application does afterwards.
                flags = END
                if size > left:
                    data = data[:left]
                    size = left
        if size <= MAX_PIECE_BYTES:
            if self._client_has_gone():
                return False
            self._emit(data, flags)
        else:
            view = memoryview(data)
            for offset in range(0, size, MAX_PIECE_BYTES):
                if self._client_has_gone():
                    return False
                end = offset + MAX_PIECE_BYTES
                self._emit(view[offset:end], flags if end >= size else 0)
        self._sent += size
        return True

    def _end(self) -> None:
        """The iterable is exhausted."""
        if self.phase >= ENDED:
            return
        if self.phase == UNSTARTED:
            raise InvalidResponse("the application returned without having called start_response()")
        flags = END
        if not self._bodiless:
            if self._content_length < 0 and self.phase == STARTED:
                self._content_length = 0
                self._parts.append("Content-Length: 0\r\n")
            elif self._sent < self._content_length:
                self._log.error(
                    f"The application declared Content-Length: {self._content_length}, but its body has {self._sent} "
                    "bytes; the response is cut off."
                )
                flags = END | ABORTED
        self._emit(b"", flags)

    def _client_has_gone(self) -> bool:
        if not self._claim.is_cancelled(self._cancel, self._id):
            return False
        self._emit(b"", END | ABORTED)
        self.phase = GONE
        return True

    def _emit(self, data: bytes | memoryview, flags: int) -> None:
        """One frame. The phase moves after it: a signal handler that raises in between must not hide a missing END."""
        if FAULT is not None and flags & END:
            FAULT("before-end")
        if self.phase == STARTED:
            if self._status < 200:
                raise InvalidResponse("the application answered 101 and did not take the connection over")
            head = "".join(self._parts).encode("latin-1")
            if self._content_length >= 0:
                flags |= FRAMED
            if self.closes:
                flags |= CLOSING
            self._channel.head(self._id, self._status, flags, head, data)
        else:
            self._channel.body(self._id, flags, data)
        self.passed_bytes += len(data)
        if flags & END:
            self.phase = ENDED
            if FAULT is not None:
                FAULT("after-end")
        else:
            if self.phase == STARTED:
                if FAULT is not None:
                    FAULT("after-head")
                self._claim.stream()
            self.phase = SENDING


def _check_is_bytes(item: object) -> None:
    if not isinstance(item, bytes):
        raise TypeError(f"the application's iterable must yield bytes, not {type(item).__name__}")
