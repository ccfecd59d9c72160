"""The forkserver's link to the arbiter: one JSON message per line, over the stream socket inherited as descriptor 3.

End-of-file means that the arbiter is gone.
"""

from __future__ import annotations

import json
import os
import socket
import threading
from typing import TYPE_CHECKING, List

from tunicorn.generated_facts import LINK_FD

if TYPE_CHECKING:
    from tunicorn.link.messages import FromForkserver, ToForkserver


class ArbiterLink:
    def __init__(self, fd: int = LINK_FD) -> None:
        # Subprocesses of the application must not inherit it: a copy would keep the link open.
        os.set_inheritable(fd, False)
        self._socket = socket.socket(fileno=fd)
        self._unfinished = b""
        self.is_open = True
        # Threads of hooks send, too. Never taken in a forked child, which closes the link immediately.
        self._sending = threading.Lock()

    def fileno(self) -> int:
        return self._socket.fileno()

    def receive(self) -> List[ToForkserver]:
        """Waits for bytes and returns the messages that they complete; `is_open` turns false at end-of-file."""
        try:
            chunk = self._socket.recv(65536)
        except ConnectionError:
            chunk = b""
        if not chunk:
            self.is_open = False
            return []
        *lines, self._unfinished = (self._unfinished + chunk).split(b"\n")
        return [json.loads(line) for line in lines]

    def send(self, message: FromForkserver) -> None:
        try:
            with self._sending:
                self._socket.sendall(json.dumps(message).encode() + b"\n")
        except ConnectionError:
            self.is_open = False

    def finish(self) -> None:
        """Half-closes the link. The arbiter then closes its half, once everything it has to send is sent."""
        try:
            self._socket.shutdown(socket.SHUT_WR)
        except OSError:
            self.is_open = False

    def close(self) -> None:
        self._socket.close()
