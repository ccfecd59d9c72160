"""Logs what arbiter and gateways send to the forkserver when Python's loggers write everything: lines (message `log`),
and requests that no worker has finished (message `access`).
"""

from __future__ import annotations

import traceback
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Tuple

from tunicorn.log.catalog import logs, say
from tunicorn.log.python_log.on_behalf import on_behalf_of
from tunicorn.runqueue.ticket import parse_fields

if TYPE_CHECKING:
    from tunicorn.link.messages import RelayedAccess, RelayedLine


class RelayedResponse:
    """The part of a response that the gateway knows."""

    def __init__(self, message: RelayedAccess) -> None:
        code = message["status"]
        self.status = "-" if code is None else str(code)
        self.status_code = code
        self.sent = message["bodyBytes"]
        self.headers = _header_pairs(message["responseHead"])


def log_relayed(logger: Any, message: RelayedLine) -> None:
    write = getattr(logger, message["level"])
    _guarded(logger, message["pid"], lambda: write(message["message"]))


def access_relayed(logger: Any, make_request: Callable[[Dict[str, Any]], Any], message: RelayedAccess) -> None:
    # The text comes from JSON, not as the Latin-1 of a ticket.
    environ: Dict[str, Any] = parse_fields(message["fields"].encode("latin-1", "replace"))
    environ["tunicorn.queue_time"] = message["queuedMs"] / 1000
    environ["tunicorn.end"] = message["end"]
    took = timedelta(microseconds=message["durationUs"])
    response = RelayedResponse(message)
    _guarded(logger, message["pid"], lambda: logger.access(response, make_request(environ), environ, took))


def _guarded(logger: Any, pid: int, write: Callable[[], object]) -> None:
    """An exception in the user's logger must not end the forkserver."""
    with on_behalf_of(pid):
        try:
            write()
            return
        except Exception:
            failure = traceback.format_exc()
    try:
        say(logger, logs.LOGGER_FAILED, traceback=failure.rstrip())
    except Exception:
        traceback.print_exc()


def _header_pairs(head: str) -> List[Tuple[str, str]]:
    """`head` is the head of a response: a status line, then fields."""
    lines = (line.partition(":") for line in head.split("\r\n")[1:] if line)
    return [(name, value.strip()) for name, _, value in lines]
