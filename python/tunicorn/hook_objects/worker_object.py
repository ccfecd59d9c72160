"""The `worker` that hooks get. The forkserver makes one before each fork; the worker's process goes on with its copy,
and the forkserver gives its own to child_exit.
"""

from __future__ import annotations

import os
import sys
from random import randint
from typing import Any, Callable, List, Optional, Union

from tunicorn.hook_objects.application_object import Application
from tunicorn.hook_objects.listener_object import Listener
from tunicorn.hook_objects.setting_values import SettingValues
from tunicorn.hook_objects.worker_tmp import WorkerTmp
from tunicorn.log.catalog import say, workers
from tunicorn.process.worker_life import WorkerEvent, WorkerLife


class Worker:
    def __init__(
        self,
        age: int,
        ppid: int,
        sockets: List[Listener],
        app: Application,
        timeout: float,
        cfg: SettingValues,
        log: Any,
    ) -> None:
        self.age = age
        # Before the fork, as with Gunicorn.
        self.pid: Union[int, str] = "[booting]"
        self.ppid = ppid
        self.sockets = sockets
        self.app = app
        self.cfg = cfg
        self.timeout = timeout
        self.life = WorkerLife(lambda what: say(log, workers.ILLEGAL_MOVE, what=what))
        self.reloader: Any = None
        # Of class asgi: the event loop.
        self.loop: Any = None
        self.wsgi: Optional[Callable[..., Any]] = None
        self.tmp = WorkerTmp(cfg)
        self.max_requests: int = sys.maxsize
        if cfg.max_requests:
            self.max_requests = cfg.max_requests + randint(0, cfg.max_requests_jitter)
        self.log = log
        # The name of the class that runs its requests; one of its own may derive from it.
        self.runs_as = "sync"
        self._process: Optional[Callable[[], None]] = None
        self._count_taken: Callable[[], int] = lambda: 0
        self._retire: Callable[[], None] = lambda: None

    @property
    def nr(self) -> int:
        """Requests that it has begun so far."""
        return self._count_taken()

    @property
    def booted(self) -> bool:
        return self.life.state.is_booted

    @property
    def aborted(self) -> bool:
        return self.life.state.is_aborted

    @property
    def alive(self) -> bool:
        return self.life.state.is_alive

    @alive.setter
    def alive(self, value: bool) -> None:
        """False asks for a successor; the worker goes on until that is ready."""
        was = self.life.move(WorkerEvent.KEEP if value else WorkerEvent.RETIRE)
        if was.is_alive and not value:
            self.ask_for_successor()

    def ask_for_successor(self) -> None:
        self._retire()

    @property
    def address(self) -> Any:
        """Of the first listening socket."""
        return self.sockets[0].getsockname() if self.sockets else None

    def init_process(self) -> None:
        """Loads the application and serves, to the worker's end. A class of one's own may do something before."""
        process, self._process = self._process, None
        if process is not None:
            process()

    def notify(self) -> None:
        self.tmp.notify()

    def enter_process(self, count_taken: Callable[[], int], retire: Callable[[], None]) -> None:
        """In the worker's own process: from now on `nr` counts, and `alive` has a meaning."""
        self._count_taken = count_taken
        self._retire = retire

    def __str__(self) -> str:
        return f"<Worker {self.pid}>"


class WorkerElsewhere:
    """A living worker of another generation: its process id and age are all that this forkserver knows."""

    def __init__(self, pid: int, age: int) -> None:
        self.pid = pid
        self.age = age
        self.alive = True
        self.ppid = os.getpid()

    def __str__(self) -> str:
        return f"<Worker {self.pid}>"
