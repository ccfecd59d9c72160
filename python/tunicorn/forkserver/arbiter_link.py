"""The forkserver's line to the arbiter: JSON, one message a line, over the stream socket inherited as descriptor 3.

End-of-file on it means that the arbiter is gone.
"""

from __future__ import annotations

import json
import os
import socket
import threading
from typing import Any, Dict, List

from tunicorn.generated_facts import LINK_FD

Message = Dict[str, Any]


class ArbiterLink:
    def __init__(self, fd: int = LINK_FD) -> None:
        # Not for the application's subprocesses: a copy there would keep the link open after the forkserver's end.
        os.set_inheritable(fd, False)
        self._socket = socket.socket(fileno=fd)
        self._unfinished = b""
        self.is_open = True
        # Threads that hooks have started send, too. Never taken in a forked child, which closes the link at once.
        self._sending = threading.Lock()

    def fileno(self) -> int:
        return self._socket.fileno()

    def receive(self) -> List[Message]:
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

    def send(self, message: Message) -> None:
        try:
            with self._sending:
                self._socket.sendall(json.dumps(message).encode() + b"\n")
        except ConnectionError:
            self.is_open = False

    def finish(self) -> None:
        """Nothing more will be sent; the arbiter ends its half in turn, once all that it has sent is on its way."""
        try:
            self._socket.shutdown(socket.SHUT_WR)
        except OSError:
            self.is_open = False

    def close(self) -> None:
        self._socket.close()
