"""A handler for syslog, for lines of Python processes, that reconnects."""

from __future__ import annotations

import os
import socket
import time
from logging import Handler, LogRecord
from logging.handlers import SysLogHandler
from typing import Any, Callable, Optional

from tunicorn.log.python_log.syslog_address import Address

WAIT_SECONDS = 0.5
RETRY_SECONDS = 1.0


class ReconnectingSysLogHandler(SysLogHandler):
    """A daemon that is down causes neither exceptions nor output; later lines reach it once it is back. `dropped`
    counts the lines that could not be sent.

    After a fork the child opens its own stream connection: in a shared one, parts of lines of several processes would
    mix.
    """

    socket: Any = None
    socktype: Any

    def __init__(self, address: Address, facility: int, socktype: Optional[socket.SocketKind]) -> None:
        # Bypasses SysLogHandler's __init__, which connects, in a different way in each version of Python.
        Handler.__init__(self)
        self.address = address
        self.facility = facility
        self.socktype = socktype
        self.unixsocket = isinstance(address, str)
        self.dropped = 0
        self._send: Optional[Callable[[bytes], object]] = None
        self._retry_at = 0.0
        self._open()

    def emit(self, record: LogRecord) -> None:
        try:
            priority = self.encodePriority(self.facility, self.mapPriority(record.levelname))
            # A NUL ends the line, so the text must not contain one.
            text = self.format(record).replace("\0", "\\x00")
            line = f"<{priority}>{text}\0".encode("utf-8", "backslashreplace")
        except Exception:
            self.handleError(record)
            return
        if self._pid != os.getpid() and self._is_stream:
            self._open()
        # The second attempt reaches a restarted daemon.
        for _ in range(2):
            if self._send is None and time.monotonic() >= self._retry_at:
                self._open()
            if self._send is None:
                break
            try:
                self._send(line)
                return
            except OSError:
                self._send = None
        self.dropped += 1

    def close(self) -> None:
        self._close_socket()
        Handler.close(self)

    def _open(self) -> None:
        self._close_socket()
        self._pid = os.getpid()
        try:
            self._connect()
        except OSError:
            self._close_socket()
            self._retry_at = time.monotonic() + RETRY_SECONDS

    def _connect(self) -> None:
        if isinstance(self.address, str):
            try:
                self._use(socket.socket(socket.AF_UNIX, self.socktype or socket.SOCK_DGRAM), self.address)
            except OSError:
                if self.socktype is not None:
                    raise
                self._use(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM), self.address)
            return
        kind = self.socktype
        family, _, protocol, _, target = socket.getaddrinfo(*self.address, 0, kind)[0]
        sock = socket.socket(family, kind, protocol)
        if kind == socket.SOCK_STREAM:
            self._use(sock, target)
        else:
            # Not connected: the error of a datagram sent while the daemon was down would be raised by the next one.
            sock.setblocking(False)
            self.socket = sock
            self._send = lambda line: sock.sendto(line, target)

    def _use(self, sock: socket.socket, target: Any) -> None:
        self._close_socket()
        self.socket = sock
        # A daemon that does not read must not delay requests for long.
        sock.settimeout(WAIT_SECONDS)
        sock.connect(target)
        self._send = sock.sendall

    @property
    def _is_stream(self) -> bool:
        sock = self.socket
        return sock is not None and sock.type == socket.SOCK_STREAM

    def _close_socket(self) -> None:
        self._send = None
        if self.socket is not None:
            self.socket.close()
        self.socket = None
