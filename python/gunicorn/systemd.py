"""Socket activation and notification, as sd_listen_fds(3) and sd_notify(3) describe them."""

from __future__ import annotations

import os
import socket
from typing import Any

from gunicorn import _missing

SD_LISTEN_FDS_START = 3


def listen_fds(unset_environment: bool = True) -> int:
    """Number of sockets that systemd has passed to this process, from descriptor 3 on."""
    count, pid = os.environ.get("LISTEN_FDS"), os.environ.get("LISTEN_PID")
    if count is None or pid is None or int(pid) != os.getpid():
        return 0
    if unset_environment:
        del os.environ["LISTEN_FDS"], os.environ["LISTEN_PID"]
    return int(count)


def sd_notify(state: str, logger: Any, unset_environment: bool = False) -> None:
    """Notifies systemd of a state such as `READY=1`. Without NOTIFY_SOCKET it does nothing."""
    address = os.environ.get("NOTIFY_SOCKET")
    if address is None:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as notify:
            notify.connect(address)
            notify.sendall(state.encode())
    except OSError:
        logger.debug("Exception while invoking sd_notify()", exc_info=True)
    finally:
        if unset_environment:
            os.environ.pop("NOTIFY_SOCKET", None)


__getattr__ = _missing.getattr_of(__name__)
