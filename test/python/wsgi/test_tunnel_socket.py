"""The client's connection after the return of an application that has taken it over."""

from __future__ import annotations

import socket
import threading
import unittest
from typing import Optional
from unittest import mock

from gateway_double import ROOT  # noqa: F401  (puts python/ on the path)

from tunicorn.wsgi import tunnel_socket
from tunicorn.wsgi.tunnel_socket import TunnelSocket


class EndOfTunnel(unittest.TestCase):
    def setUp(self) -> None:
        self.client, ours = socket.socketpair()
        self.client.settimeout(10)
        self.tunnel = TunnelSocket(lambda: ours)
        self.addCleanup(self.client.close)
        self.addCleanup(ours.close)

    def until_end(self) -> bytes:
        received = b""
        while piece := self.client.recv(100):
            received += piece
        return received

    def test_the_last_output_of_an_application_thread_is_logged(self) -> None:
        application_returned = threading.Event()
        listening = threading.Event()

        class Reader(threading.Thread):
            def run(reader) -> None:
                self.tunnel.sendall(b"hello ")
                listening.set()
                application_returned.wait(10)
                self.tunnel.sendall(b"goodbye")
                self.tunnel.close()

            def join(reader, timeout: Optional[float] = None) -> None:
                application_returned.set()
                super().join(timeout)

        Reader(daemon=True).start()
        self.assertTrue(listening.wait(10))
        with mock.patch.object(tunnel_socket, "_LAST_WORDS_SECONDS", 10.0):
            self.tunnel.end()
        self.assertEqual(self.until_end(), b"hello goodbye")

    def test_a_thread_that_only_reads_on_ends_with_the_connection(self) -> None:
        listening = threading.Event()
        read: list[bytes] = []

        def reader() -> None:
            self.tunnel.sendall(b"hello")
            listening.set()
            read.append(self.tunnel.recv(1))

        thread = threading.Thread(target=reader, daemon=True)
        thread.start()
        self.assertTrue(listening.wait(10))
        with mock.patch.object(tunnel_socket, "_LAST_WORDS_SECONDS", 0.05):
            self.tunnel.end()
        thread.join(10)
        self.assertEqual((read, self.until_end()), ([b""], b"hello"))

    def test_the_thread_of_the_request_is_not_waited_for(self) -> None:
        self.tunnel.sendall(b"all of it")
        with mock.patch.object(tunnel_socket, "_LAST_WORDS_SECONDS", 1000.0):
            self.tunnel.end()
        self.assertEqual(self.until_end(), b"all of it")
