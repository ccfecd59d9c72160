"""`gunicorn.socket` of the environ: the client's connection, for an application that speaks WebSocket or another
upgraded protocol itself.

Its first use turns the request into a tunnel: from then on it is the channel's own socket.
"""

from __future__ import annotations

import socket
import threading
from time import monotonic
from typing import Any, Callable, Optional, Set

# Time for the client's answer to a close frame, or for sending ours.
_LAST_WORDS_SECONDS = 1.0


class TunnelSocket:
    def __init__(self, dig: Callable[[], socket.socket]) -> None:
        self._dig: Optional[Callable[[], socket.socket]] = dig
        self._socket: Optional[socket.socket] = None
        self._users: Set[threading.Thread] = set()

    def __getattr__(self, name: str) -> Any:
        """Every attribute of a socket."""
        if name.startswith("__"):
            raise AttributeError(name)
        self._users.add(threading.current_thread())
        return getattr(self._dug(), name)

    def __enter__(self) -> TunnelSocket:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        if self._dig is not None or self._socket is not None:
            self._dug().close()

    def end(self) -> None:
        """The application has returned, which ends the connection, also for a thread that still reads from it. It gets
        a moment to finish: simple-websocket lets the application return before it has answered a close frame.
        """
        self._dig = None
        if self._socket is None:
            return
        last_moment = monotonic() + _LAST_WORDS_SECONDS
        for user in self._users - {threading.current_thread()}:
            # A greenlet, or a thread that Python did not start, cannot be joined.
            if not isinstance(user, threading._DummyThread):
                user.join(max(0.0, last_moment - monotonic()))
        try:
            # Not close(): a green thread that reads would fail, and a real one would not notice. With shutdown() the
            # reader gets end-of-file, and the last reference closes the descriptor.
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # It is closed already.

    def _dug(self) -> socket.socket:
        if self._socket is None:
            if self._dig is None:
                raise OSError("the request is over, so its connection is no longer available")
            self._socket = self._dig()
            self._dig = None
        return self._socket
