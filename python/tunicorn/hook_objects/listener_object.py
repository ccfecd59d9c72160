"""`server.LISTENERS` and `worker.sockets`: the listening sockets, which the gateways hold, as hooks see them."""

from __future__ import annotations

import socket
from typing import Any, Tuple, Union

Address = Union[str, int, Tuple[str, int]]


class Listener:
    """Knows its address. It has no descriptor in this process: connections belong to the gateways."""

    def __init__(self, label: str, bind: str) -> None:
        self._label = label
        self.cfg_addr = parse_address(bind)
        scheme, _, rest = label.partition("://")
        # The label has the port that the system has chosen if the setting says 0.
        self._name = parse_address(rest) if scheme in ("http", "https") else self.cfg_addr
        self.FAMILY = _family(self._name)

    @property
    def sock(self) -> Listener:
        return self

    @property
    def family(self) -> int:
        return self.FAMILY

    def getsockname(self) -> Any:
        return self._name

    def fileno(self) -> int:
        """-1, as for a closed socket."""
        return -1

    def close(self) -> None:
        """Does nothing: the arbiter closes the socket."""

    def __str__(self) -> str:
        return self._label

    def __repr__(self) -> str:
        return f"<Listener {self._label}>"


def parse_address(text: str) -> Address:
    """`HOST:PORT` as a pair, `unix:PATH` as the path, `fd://N` as the number: Gunicorn's forms."""
    if text.startswith("unix://"):
        return text[len("unix://") :]
    if text.startswith("unix:"):
        return text[len("unix:") :]
    if text.startswith("fd://"):
        return int(text[len("fd://") :])
    if text.startswith("tcp://"):
        text = text[len("tcp://") :]
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        return host.lower(), int(rest[1:] or 8000)
    host, colon, port = text.rpartition(":")
    if not colon:
        return (text.lower() or "0.0.0.0"), 8000
    return host.lower(), int(port)


def _family(address: Address) -> int:
    if isinstance(address, tuple):
        return int(socket.AF_INET6 if ":" in address[0] else socket.AF_INET)
    return int(socket.AF_UNIX if isinstance(address, str) else socket.AF_UNSPEC)
