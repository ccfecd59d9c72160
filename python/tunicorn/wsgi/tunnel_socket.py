"""`gunicorn.socket` of the environ: the client's connection for an application that speaks WebSocket, or anything else
that a request upgrades to, by itself. The request runner makes one for each request to upgrade.

To the first use of it the request becomes a tunnel: from then on it is the channel's own socket.
"""

from __future__ import annotations

import socket
from typing import Any, Callable, Optional


class TunnelSocket:
    def __init__(self, dig: Callable[[], socket.socket]) -> None:
        self._dig: Optional[Callable[[], socket.socket]] = dig
        self._socket: Optional[socket.socket] = None

    def __getattr__(self, name: str) -> Any:
        """Whatever a socket has."""
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self._dug(), name)

    def __enter__(self) -> TunnelSocket:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        if self._dig is not None or self._socket is not None:
            self._dug().close()

    def end(self) -> None:
        """The application has returned: the connection is over, also for a thread that still reads from it."""
        self._dig = None
        if self._socket is None:
            return
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # Somebody has closed it.
        self._socket.close()

    def _dug(self) -> socket.socket:
        if self._socket is None:
            if self._dig is None:
                raise OSError("the request is over, and its connection is not to be had any more")
            self._socket = self._dig()
            self._dig = None
        return self._socket
