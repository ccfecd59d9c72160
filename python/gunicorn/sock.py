"""Gunicorn's classes of listening sockets, for code that checks the types in `server.LISTENERS` and `worker.sockets`.
"""

from __future__ import annotations

import socket
from typing import Any, ClassVar, Optional

from gunicorn import _missing
from tunicorn.hook_objects.listener_object import Listener


class _OfFamily(type):
    """Listeners are all of one class; their family decides which of Gunicorn's classes they match."""

    FAMILY: Optional[int]

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, Listener) and cls.FAMILY in (None, instance.FAMILY)


class BaseSocket(metaclass=_OfFamily):
    FAMILY: ClassVar[Optional[int]] = None


class TCPSocket(BaseSocket):
    FAMILY = socket.AF_INET


class TCP6Socket(BaseSocket):
    FAMILY = socket.AF_INET6


class UnixSocket(BaseSocket):
    FAMILY = socket.AF_UNIX


__getattr__ = _missing.getattr_of(__name__)
