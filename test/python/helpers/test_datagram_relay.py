"""The relay to Unix sockets, as a process: records in, datagrams out, and its end with its input."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from typing import List, Optional

RELAY = Path(__file__).parents[3] / "python" / "tunicorn" / "helpers" / "datagram_relay.py"


def record(message: bytes) -> bytes:
    return len(message).to_bytes(4, "big") + message


class RelayTest(unittest.TestCase):
    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.path = os.path.join(directory.name, "log.sock")

    def receiver(self, kind: socket.SocketKind, path: Optional[str] = None) -> socket.socket:
        receiver = socket.socket(socket.AF_UNIX, kind)
        self.addCleanup(receiver.close)
        receiver.bind(path or self.path)
        receiver.settimeout(20)
        if kind == socket.SOCK_STREAM:
            receiver.listen()
        return receiver

    def relay(self, manner: str) -> "subprocess.Popen[bytes]":
        command: List[str] = [sys.executable, "-I", "-S", str(RELAY), self.path, manner]
        relay = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(relay.wait)
        self.addCleanup(relay.kill)
        for pipe in (relay.stdin, relay.stdout):
            if pipe is not None:
                self.addCleanup(pipe.close)
        return relay

    def test_records_become_datagrams_however_they_are_cut(self) -> None:
        receiver = self.receiver(socket.SOCK_DGRAM)
        relay = self.relay("datagrams")
        assert relay.stdin is not None
        messages = [b"one", b"", b"three\0", b"x" * 60000]
        for byte in record(messages[0]):
            relay.stdin.write(bytes([byte]))
            relay.stdin.flush()
        relay.stdin.write(b"".join(map(record, messages[1:])))
        relay.stdin.flush()
        self.assertEqual([receiver.recv(65536) for _ in messages], messages)

    def test_any_finds_a_stream_where_no_datagrams_are_taken(self) -> None:
        receiver = self.receiver(socket.SOCK_STREAM)
        relay = self.relay("any")
        assert relay.stdin is not None
        relay.stdin.write(record(b"one\0") + record(b"two\0"))
        relay.stdin.close()
        connection, _ = receiver.accept()
        with connection, connection.makefile("rb") as stream:
            self.assertEqual(stream.read(), b"one\0two\0")

    def test_undelivered_lines_are_counted_and_a_receiver_that_returns_is_found(self) -> None:
        relay = self.relay("datagrams")
        assert relay.stdin is not None and relay.stdout is not None
        relay.stdin.write(record(b"lost") * 3)
        relay.stdin.flush()
        dropped = 0
        while dropped < 3:
            dropped += int(relay.stdout.readline())
        self.assertEqual(dropped, 3)
        receiver = self.receiver(socket.SOCK_DGRAM)
        receiver.settimeout(0.2)
        while True:
            relay.stdin.write(record(b"again"))
            relay.stdin.flush()
            try:
                self.assertEqual(receiver.recv(100), b"again")
                break
            except socket.timeout:
                continue

    def test_it_ends_with_its_input_and_not_by_the_signals_of_a_service_manager(self) -> None:
        receiver = self.receiver(socket.SOCK_DGRAM)
        relay = self.relay("datagrams")
        assert relay.stdin is not None
        relay.stdin.write(record(b"up"))
        relay.stdin.flush()
        receiver.recv(100)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            relay.send_signal(number)
        relay.stdin.write(record(b"still up"))
        relay.stdin.close()
        self.assertEqual(receiver.recv(100), b"still up")
        self.assertEqual(relay.wait(20), 0)


if __name__ == "__main__":
    unittest.main()
