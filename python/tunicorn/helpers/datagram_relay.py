"""Relays messages to a Unix socket: each is a record on standard input, four bytes of length (big-endian) and text.

A separate process: `datagram_relay.py PATH datagrams|stream|any`. It ends with its standard input, so it never outlives
its parent. It reports the number of dropped messages on standard output.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import sys
import time

RETRY_SECONDS = 1.0
SEND_SECONDS = 1.0
REPORT_SECONDS = 1.0
MANNERS = {
    "datagrams": (socket.SOCK_DGRAM,),
    "stream": (socket.SOCK_STREAM,),
    "any": (socket.SOCK_DGRAM, socket.SOCK_STREAM),
}


class Relay:
    """One connection to the socket, reopened when it is lost, but at most once a second."""

    def __init__(self, path: str, manner: str) -> None:
        self._path = path
        self._types = MANNERS[manner]
        self._socket: socket.socket | None = None
        self._not_before = 0.0
        self.dropped = 0

    def send(self, message: bytes) -> None:
        if self._socket is None:
            self._connect()
        if self._socket is None or not self._try_send(message):
            self.dropped += 1

    def _connect(self) -> None:
        now = time.monotonic()
        if now < self._not_before:
            return
        self._not_before = now + RETRY_SECONDS
        for kind in self._types:
            candidate = socket.socket(socket.AF_UNIX, kind)
            # A receiver that stops reading must not block this process forever.
            candidate.settimeout(SEND_SECONDS)
            try:
                candidate.connect(self._path)
            except OSError:
                candidate.close()
                continue
            self._socket = candidate
            return

    def _try_send(self, message: bytes) -> bool:
        assert self._socket is not None
        try:
            self._socket.sendall(message)
        except OSError as error:
            # On a stream, a part of the message may be sent: the receiver must not take the rest for a message.
            if isinstance(error, socket.timeout) and self._socket.type == socket.SOCK_DGRAM:
                return False
            self._socket.close()
            self._socket = None
            return False
        return True


def main(path: str, manner: str) -> None:
    # Service managers signal every process; this one must still relay the messages of the others.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(number, signal.SIG_IGN)
    relay = Relay(path, manner)
    reported = 0.0
    rest = b""
    while True:
        ready, _, _ = select.select([0], [], [], REPORT_SECONDS if relay.dropped else None)
        if ready:
            chunk = os.read(0, 65536)
            if not chunk:
                return
            rest = _hand_on(rest + chunk, relay)
        if relay.dropped and time.monotonic() - reported >= REPORT_SECONDS:
            reported = time.monotonic()
            os.write(1, b"%d\n" % relay.dropped)
            relay.dropped = 0


def _hand_on(data: bytes, relay: Relay) -> bytes:
    """Sends every complete record, and returns the rest."""
    at = 0
    while len(data) - at >= 4:
        end = at + 4 + int.from_bytes(data[at : at + 4], "big")
        if end > len(data):
            break
        relay.send(data[at + 4 : end])
        at = end
    return data[at:]


if __name__ == "__main__":
    try:
        main(sys.argv[1], sys.argv[2])
    except BrokenPipeError:
        pass  # No process reads the count.
