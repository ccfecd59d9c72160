"""Logging on behalf of another process, such as a gateway: the records carry that process's pid."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Optional

_acting: Optional[tuple[int, int]] = None
"""The thread that logs on behalf of another process, and the pid of that process."""


def acting_pid() -> int:
    """Pid of the process that the current entry describes."""
    foreign = foreign_pid()
    return os.getpid() if foreign is None else foreign


def foreign_pid() -> Optional[int]:
    acting = _acting
    return acting[1] if acting is not None and acting[0] == threading.get_ident() else None


@contextmanager
def on_behalf_of(pid: int) -> Iterator[None]:
    """Records that this thread creates inside carry `pid`, whatever logger class, formatter or factory is in use."""
    global _acting
    factory = logging.getLogRecordFactory()

    def made(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = factory(*args, **kwargs)
        foreign = foreign_pid()
        if foreign is not None:
            record.process = foreign
        return record

    _acting = (threading.get_ident(), pid)
    logging.setLogRecordFactory(made)
    try:
        yield
    finally:
        logging.setLogRecordFactory(factory)
        _acting = None
