"""A WebSocket client on a plain socket that can break every rule: for cases.py."""

from __future__ import annotations

import base64
import hashlib
import os
import socket
import struct
import zlib

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


class Ended(Exception):
    """The server has closed the connection."""


class Client:
    def __init__(self, host, port, path="/echo", extensions=""):
        self.socket = socket.create_connection((host, port), timeout=20)
        self.buffer = b""
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [
            f"GET {path} HTTP/1.1",
            "Host: a",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Key: {key}",
        ]
        if extensions:
            lines.append(f"Sec-WebSocket-Extensions: {extensions}")
        self.socket.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        while b"\r\n\r\n" not in self.buffer:
            self._more()
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        self.head = head.decode("latin-1")
        wanted = hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
        assert base64.b64encode(wanted).decode() in self.head, self.head

    def send(self, opcode, payload=b"", fin=True, rsv=0, masked=True, length=None, pieces=0):
        """`length` is the length in the header, if it differs; `pieces`: this many bytes at a time."""
        size = len(payload) if length is None else length
        first = (0x80 if fin else 0) | rsv << 4 | opcode
        mask_bit = 0x80 if masked else 0
        if size < 126:
            header = struct.pack("!BB", first, mask_bit | size)
        elif size < 65536:
            header = struct.pack("!BBH", first, mask_bit | 126, size)
        else:
            header = struct.pack("!BBQ", first, mask_bit | 127, size)
        if masked:
            mask = os.urandom(4)
            header += mask
            key = (mask * (len(payload) // 4 + 1))[: len(payload)]
            payload = (int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")).to_bytes(len(payload), "big")
        data = header + payload
        step = pieces or len(data)
        for at in range(0, len(data), step):
            self.socket.sendall(data[at : at + step])

    def frame(self):
        first, second = self._exactly(2)
        size = second & 0x7F
        if size == 126:
            (size,) = struct.unpack("!H", self._exactly(2))
        elif size == 127:
            (size,) = struct.unpack("!Q", self._exactly(8))
        assert not second & 0x80, "a server does not mask"
        return first >> 7, (first >> 4) & 7, first & 15, self._exactly(size)

    def message(self):
        """The next message, or a control frame that comes before it: its kind and its bytes."""
        fin, rsv, opcode, payload = self.frame()
        assert opcode != CONTINUATION
        while not fin:
            fin, _, more, piece = self.frame()
            assert more == CONTINUATION
            payload += piece
        if rsv & 4:
            inflate = zlib.decompressobj(-15)
            payload = inflate.decompress(payload + b"\0\0\xff\xff")
        return opcode, payload

    def ending(self):
        """The code of the close frame, skipping everything before it; 1006 if the connection ends without one."""
        try:
            while True:
                opcode, payload = self.message()
                if opcode == CLOSE:
                    return struct.unpack("!H", payload[:2])[0] if payload else 1005
        except (Ended, ConnectionError):
            return 1006

    def is_closed(self):
        try:
            while True:
                self._exactly(1)
        except (Ended, ConnectionError):
            return True

    def _exactly(self, count):
        while len(self.buffer) < count:
            self._more()
        taken, self.buffer = self.buffer[:count], self.buffer[count:]
        return taken

    def _more(self):
        data = self.socket.recv(1 << 20)
        if not data:
            raise Ended
        self.buffer += data
