"""Stand-ins for the gateway, the arbiter's board and the error log, for tests of the worker's side of the run queue."""

from __future__ import annotations

import os
import select
import shutil
import socket
import struct
import sys
import tempfile
import threading
import unittest
from typing import Any, Callable, NamedTuple

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
if os.path.join(ROOT, "python") not in sys.path:
    sys.path.insert(0, os.path.join(ROOT, "python"))

from tunicorn.channels.channel import Channel  # noqa: E402
from tunicorn.channels.channel_frame import ABORTED, END, FAILED, HEAD, TAKEN, UNACKNOWLEDGED_BYTES  # noqa: E402
from tunicorn.runqueue.claims_board import ClaimsBoard  # noqa: E402
from tunicorn.log.log import ErrorLog  # noqa: E402
from tunicorn.log.wsgi_errors import WsgiErrors  # noqa: E402
from tunicorn.runqueue.ticket import KIND_RUN, Ticket  # noqa: E402
from tunicorn.log.tracebacks import user_traceback  # noqa: E402
from tunicorn.wsgi.environ import base_environ  # noqa: E402
from tunicorn.wsgi.run_request import RequestRunner  # noqa: E402

WORKERS = 2
CANCELS = 8
GATEWAY = 5
TICKET_ID = 77
CANCEL = 3
# Bit 53 of a cancel entry: skip the ticket unless it is begun.
UNLESS_BEGUN = 1 << 53

FIELDS = {
    "REQUEST_METHOD": "GET",
    "PATH_INFO": "/path",
    "RAW_URI": "/path?a=1",
    "QUERY_STRING": "a=1",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "SERVER_NAME": "127.0.0.1",
    "SERVER_PORT": "8000",
    "REMOTE_ADDR": "127.0.0.1",
    "REMOTE_PORT": "50000",
    "HTTP_HOST": "127.0.0.1:8000",
}


class Frame(NamedTuple):
    type: int
    flags: int
    status: int
    id: int
    head: str
    data: bytes

    @property
    def is_end(self) -> bool:
        return bool(self.flags & END)


def ticket(fields: dict[str, str] | None = None, body: bytes = b"", *, flags: int = 0, **others: Any) -> Ticket:
    fields = {**FIELDS, **(fields or {})}
    values = {
        "kind": KIND_RUN,
        "flags": flags,
        "id": TICKET_ID,
        "gateway": GATEWAY,
        "cancel": CANCEL,
        "fields_length": 0,
        "body_length": len(body),
        "fields": fields,
        "body": body,
    }
    return Ticket(**{**values, **others})


def frames_of(data: bytes) -> list[Frame]:
    frames = []
    while data:
        length, kind, flags, status, ticket_id = struct.unpack_from("<IBBHQ", data)
        payload, data = data[16:length], data[length:]
        head = b""
        if kind == HEAD:
            (head_length,) = struct.unpack_from("<I", payload)
            head, payload = payload[4 : 4 + head_length], payload[4 + head_length :]
        frames.append(Frame(kind, flags, status, ticket_id, head.decode("latin-1"), payload))
    return frames


class ListLog:
    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []

    def debug(self, message: str) -> None:
        self.lines.append(("debug", message))

    def info(self, message: str) -> None:
        self.lines.append(("info", message))

    def warning(self, message: str) -> None:
        self.lines.append(("warning", message))

    def error(self, message: str) -> None:
        self.lines.append(("error", message))

    def exception(self, message: str) -> None:
        error = sys.exc_info()[1]
        assert error is not None
        self.lines.append(("error", f"{message}\n{user_traceback(error).rstrip()}"))

    def texts(self, level: str) -> list[str]:
        return [text for its_level, text in self.lines if its_level == level]


class BoardFile:
    """A claims board in a temporary file, read and written as another process would."""

    def __init__(self, directory: str, workers: int = WORKERS, cancels: int = CANCELS) -> None:
        self.path = os.path.join(directory, "board")
        self._cancels_at = 64 + 64 * workers
        with open(self.path, "wb") as file:
            file.write(b"TNBORD01" + struct.pack("<QQ", workers, cancels) + bytes(40 + 64 * workers + 8 * cancels))
        self._fd = os.open(self.path, os.O_RDWR)

    def slot(self, number: int) -> dict[str, int]:
        words = struct.unpack("<6Q", os.pread(self._fd, 48, 64 + 64 * number))
        return dict(zip(("claim", "started", "held", "gateway", "pid", "taken"), words))

    def cancel(self, index: int, ticket_id: int) -> None:
        os.pwrite(self._fd, struct.pack("<Q", ticket_id), self._cancels_at + 8 * index)

    def close(self) -> None:
        os.close(self._fd)


class WorkerSideTest(unittest.TestCase):
    """Gives each test a board, a channel whose other end is `self.gateway`, and a runner for an application."""

    def setUp(self) -> None:
        self.directory = tempfile.mkdtemp(prefix="tunicorn-test-")
        self.addCleanup(shutil.rmtree, self.directory)
        self.board = BoardFile(self.directory)
        self.addCleanup(self.board.close)
        self.claim = ClaimsBoard.open(self.board.path).slot(1)
        self.gateway, workers_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self.gateway.settimeout(20)
        self.channel = Channel(self.claim, lambda: workers_end)
        self.channel.connect()
        self.addCleanup(self.gateway.close)
        self.addCleanup(self.channel.close)
        self.log = ListLog()
        self.errors_path = os.path.join(self.directory, "errors")
        self.errors = WsgiErrors(ErrorLog(self.errors_path))
        self.addCleanup(os.close, self.errors.fileno())

    def runner(self, app: Callable[..., Any]) -> RequestRunner:
        return RequestRunner(
            app=app,
            base_environ=base_environ(True, "tunicorn/0.1.0", self.errors),
            errors=self.errors,
            channel={GATEWAY: self.channel}.get,
            claim=self.claim,
            log=self.log,
        )

    def exchange(self, app: Callable[..., Any], one: Ticket | None = None) -> list[Frame]:
        """Run one ticket; returns the frames up to END, which another thread reads meanwhile."""
        received: list[bytes] = []

        def read() -> None:
            while True:
                frame = self.read_frame()
                received.append(frame)
                if frame[5] & END:
                    self.take(received)
                    return

        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        try:
            self.runner(app).run(one or ticket())
        finally:
            reader.join(20)
        self.assertFalse(reader.is_alive(), "the response had no END")
        self.assertEqual(self.waiting_bytes(), b"", "something was sent after END")
        return frames_of(b"".join(received))

    def take(self, received: list[bytes]) -> None:
        """Sends TAKEN after a response that is long enough for it, as the gateway does."""
        frames = frames_of(b"".join(received))
        if sum(len(frame.data) for frame in frames) > UNACKNOWLEDGED_BYTES:
            self.gateway.sendall(struct.pack("<IBBHQ", 16, TAKEN, 0, 0, frames[-1].id))

    def read_frame(self) -> bytes:
        header = self._read_exactly(16)
        return header + self._read_exactly(struct.unpack_from("<I", header)[0] - 16)

    def _read_exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            piece = self.gateway.recv(size - len(data))
            if not piece:
                raise EOFError(f"the channel ended {size - len(data)} bytes early")
            data += piece
        return data

    def waiting_bytes(self) -> bytes:
        """Everything that has been sent but not read yet."""
        data = b""
        while select.select([self.gateway], [], [], 0)[0]:
            piece = self.gateway.recv(1 << 20)
            if not piece:
                break
            data += piece
        return data

    def assert_released(self) -> None:
        slot = self.board.slot(1)
        self.assertEqual((slot["claim"], slot["held"]), (0, 0))

    def assert_error_page(self, frames: list[Frame]) -> None:
        """The page is the gateway's."""
        self.assertEqual([(frame.type, frame.flags, frame.data) for frame in frames], [(FAILED, END, b"")])

    def assert_cut_off(self, frames: list[Frame]) -> None:
        self.assertEqual(frames[-1].flags & (END | ABORTED), END | ABORTED)
