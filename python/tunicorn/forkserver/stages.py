"""The stages of a forkserver. Each has the data for the messages that are legal from then on."""

from __future__ import annotations

from enum import Enum
from typing import Any, Dict, NamedTuple, Optional, Union

from tunicorn.forkserver.extra_files import ExtraFiles
from tunicorn.forkserver.hook_host import HookHost
from tunicorn.link.worker_settings import WorkerSettings
from tunicorn.log.python_log import Logs
from tunicorn.runqueue.ticket_pipe import TicketPipe


class Configured(NamedTuple):
    """The configuration is evaluated (at the very start, it is not yet)."""

    objects: Dict[str, Any]


class Settled(NamedTuple):
    """The settings are resolved, so hooks can be called."""

    objects: Dict[str, Any]
    host: HookHost
    logs: Logs


class Prepared(NamedTuple):
    """Workers can be forked."""

    objects: Dict[str, Any]
    host: HookHost
    logs: Logs
    settings: WorkerSettings
    tickets: TicketPipe
    # Set with `reload`.
    extra_files: Optional[ExtraFiles]


Stage = Union[Configured, Settled, Prepared]


class OutOfTurn(Exception):
    """The arbiter has sent a message too early."""


def with_hooks(stage: Stage, kind: str) -> Union[Settled, Prepared]:
    if isinstance(stage, Configured):
        raise OutOfTurn(f"{kind} before settle")
    return stage


def with_workers(stage: Stage, kind: str) -> Prepared:
    if not isinstance(stage, Prepared):
        raise OutOfTurn(f"{kind} before prepare")
    return stage


class Life(Enum):
    SERVING = "serving"
    # Ends with the last worker.
    LEAVING = "leaving"
    # The workers are gone; threads or signal handlers of hooks keep the process.
    LINGERING = "lingering"
