"""The body of a response as frames on a channel. This is the hot path: a list of one bytes object is one frame."""

from __future__ import annotations

import os

from tunicorn.channels.channel import Channel
from tunicorn.channels.channel_frame import ABORTED, CLOSING, END, FRAMED
from tunicorn.generated_facts import FAILED_PAGE_BYTES
from tunicorn.log.catalog import requests, say
from tunicorn.log.log_protocol import Log
from tunicorn.runqueue.claim_slot import ClaimSlot
from tunicorn.runqueue.fault_points import FAULT
from tunicorn.wsgi.file_wrapper import PlainFile
from tunicorn.wsgi.response_head import InvalidResponse
from tunicorn.wsgi.response_phase import ENDED, FAILED, GONE, SENDING, STARTED, UNSTARTED

# A departed client is noticed between frames, so frames must be shorter than the longest responses.
MAX_PIECE_BYTES = 1024 * 1024
# Smaller files are sent faster by reading them, which takes fewer frames.
_SENDFILE_MIN_BYTES = 256 * 1024


class ResponseFrames:
    __slots__ = (
        "_bodiless",
        "_cancel",
        "_channel",
        "_claim",
        "_content_length",
        "_head",
        "_id",
        "_log",
        "_method",
        "_sent",
        "_status",
        "closes",
        "may_upgrade",
        "passed_bytes",
        "phase",
    )
    # Known once the response is started.
    _status: int
    _head: bytes
    _content_length: int
    _bodiless: bool

    # Runs for every request: named arguments would double its time.
    def __init__(
        self, channel: Channel, claim: ClaimSlot, log: Log, ticket_id: int, cancel: int, method: str
    ) -> None:
        self.phase = UNSTARTED
        self._channel = channel
        self._claim = claim
        self._id = ticket_id
        self._cancel = cancel
        self._method = method
        self._log = log
        self._sent = 0
        # Whether to close the client's connection after the response.
        self.closes = False
        # Whether the request asks for an upgrade, so that 101 may begin another protocol.
        self.may_upgrade = False
        # Bytes of hints and body sent through the channel.
        self.passed_bytes = 0

    def _send_file(self, file: PlainFile) -> bool:
        """Lets the kernel send the part of the file that the response takes. False: nothing is sent; read the file."""
        end = os.fstat(file.fd).st_size
        if self._content_length >= 0:
            end = min(end, file.offset + self._content_length)
        if end - file.offset < _SENDFILE_MIN_BYTES:
            return False
        self._emit(b"", 0)
        # Checked again for each piece: a frame that announces more bytes than the file has could not be completed.
        while (offset := file.offset + self._sent) < (piece_end := min(end, os.fstat(file.fd).st_size)):
            if self._client_has_gone():
                return True
            size = min(piece_end - offset, MAX_PIECE_BYTES)
            self._channel.body_from_file(self._id, 0, file.fd, offset=offset, size=size)
            self._sent += size
            self.passed_bytes += size
        self._end()
        return True

    def _push(self, data: bytes) -> bool:
        """Sends a piece that is not empty. False: no more is wanted."""
        phase = self.phase
        if phase.is_over:
            return False
        if phase is UNSTARTED:
            raise InvalidResponse("the application sent a body before it called start_response()")
        if self._bodiless:
            say(self._log, requests.BODY_NOT_ALLOWED, method=self._method, status=self._status)
            self._emit(b"", END)
            return False
        flags = 0
        size = len(data)
        length = self._content_length
        if length >= 0:
            left = length - self._sent
            if size >= left:
                # The last byte that the client waits for: END goes with it, however long the application goes on.
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
        if self.phase.is_over:
            return
        if self.phase is UNSTARTED:
            raise InvalidResponse("the application returned without calling start_response()")
        flags = END
        if not self._bodiless:
            if self._content_length < 0 and self.phase is STARTED:
                self._content_length = 0
                self._head += b"Content-Length: 0\r\n"
            elif self._sent < self._content_length:
                say(self._log, requests.BODY_TOO_SHORT, declared=self._content_length, sent=self._sent)
                flags = END | ABORTED
        self._emit(b"", flags)

    def _client_has_gone(self) -> bool:
        if not self._claim.is_cancelled(self._cancel, self._id):
            return False
        self._emit(b"", END | ABORTED)
        self.phase = GONE
        return True

    def _emit(self, data: bytes | memoryview, flags: int) -> None:
        """Sends one frame. The phase moves afterwards: a handler that raises in between must not hide a missing END."""
        if FAULT is not None and flags & END:
            FAULT("before-end")
        if self.phase is STARTED:
            if self._status < 200:
                raise InvalidResponse("the application answered 101 but did not take the connection over")
            if self._content_length >= 0:
                flags |= FRAMED
            if self.closes:
                flags |= CLOSING
            self._channel.head(self._id, self._status, flags, self._head, data)
        else:
            self._channel.body(self._id, flags, data)
        self.passed_bytes += len(data)
        if flags & END:
            self.phase = ENDED
            if FAULT is not None:
                FAULT("after-end")
        else:
            if self.phase is STARTED:
                if FAULT is not None:
                    FAULT("after-head")
                self._claim.stream()
            self.phase = SENDING

    def _emit_failed(self) -> None:
        """Lets the gateway answer 500 instead of a response."""
        if FAULT is not None:
            FAULT("before-end")
        self._channel.failed(self._id, self.closes)
        self._status = 500
        self._content_length = FAILED_PAGE_BYTES
        self.phase = FAILED
        if FAULT is not None:
            FAULT("after-end")
