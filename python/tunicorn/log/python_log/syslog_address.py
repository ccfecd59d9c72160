"""The addresses and facilities of syslog, as Gunicorn's settings give them."""

from __future__ import annotations

import re
import socket
from typing import Optional, Tuple, Union

from tunicorn.generated_facts import SYSLOG_FACILITIES
from tunicorn.log.python_log.log_files import LogConfigError

__all__ = ["SYSLOG_FACILITIES", "Address", "parse_syslog_address"]

Address = Union[str, Tuple[str, int]]

# If none is given, a datagram socket is tried first, then a stream.
_KINDS = {"dgram": socket.SOCK_DGRAM, "stream": socket.SOCK_STREAM}

DEFAULT_PORT = 514


def parse_syslog_address(addr: str) -> Tuple[Optional[socket.SocketKind], Address]:
    """Returns the type of socket, None to try both, and the address. Raises LogConfigError."""
    if addr.startswith("unix://"):
        path, _, kind = addr[len("unix://") :].partition("#")
        return _KINDS.get(kind), path
    if addr.startswith(("udp://", "tcp://")):
        kind_of = socket.SOCK_DGRAM if addr.startswith("udp") else socket.SOCK_STREAM
        return kind_of, _host_and_port(addr)
    raise LogConfigError(f"invalid syslog address: {addr!r}. Wanted: udp://HOST[:PORT], tcp://HOST[:PORT] or unix://PATH")


def _host_and_port(addr: str) -> Tuple[str, int]:
    found = re.fullmatch(r"(?:\[([^\]]*)\]|([^:\[\]]*))(?::([0-9]{1,5}))?", addr[len("udp://") :].lower())
    port = int(found.group(3) or DEFAULT_PORT) if found is not None else 0
    if found is None or not 0 < port < 65536:
        raise LogConfigError(f"invalid syslog address: {addr!r}. Wanted a port of 1 to 65535, as in udp://localhost:514")
    return found.group(1) or found.group(2) or "localhost", port
