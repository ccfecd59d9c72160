"""The `worker` that hooks get. Created in the forkserver before each fork: the worker's process goes on with its copy,
and child_exit gets the original.
"""

from __future__ import annotations

import os
import sys
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
        # The value before the fork, as in Gunicorn.
        self.pid: Union[int, str] = "[booting]"
        self.ppid = ppid
        self.sockets = sockets
        self.app = app
        self.cfg = cfg
        self.timeout = timeout
        self.life = WorkerLife(lambda what: say(log, workers.ILLEGAL_MOVE, what=what))
        self.reloader: Any = None
        # The event loop, in class asgi.
        self.loop: Any = None
        self.wsgi: Optional[Callable[..., Any]] = None
        self.tmp = WorkerTmp(cfg)
        self.max_requests: int = sys.maxsize
        if cfg.max_requests:
            from random import randint

            self.max_requests = cfg.max_requests + randint(0, cfg.max_requests_jitter)
        self.log = log
        # The name of the worker class that runs the requests; the user's own class may derive from it.
        self.runs_as = "sync"
        self._process: Optional[Callable[[], None]] = None
        self._count_taken: Callable[[], int] = lambda: 0
        self._retire: Callable[[], None] = lambda: None

    @property
    def nr(self) -> int:
        """Requests begun so far."""
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
        """False asks for a successor; the worker goes on until the successor is ready."""
        was = self.life.move(WorkerEvent.KEEP if value else WorkerEvent.RETIRE)
        if was.is_alive and not value:
            self.ask_for_successor()

    def ask_for_successor(self) -> None:
        self._retire()

    @property
    def address(self) -> Any:
        """The address of the first listening socket."""
        return self.sockets[0].getsockname() if self.sockets else None

    def init_process(self) -> None:
        """Loads the application and serves until the worker ends. The user's own class may do something first."""
        process, self._process = self._process, None
        if process is not None:
            process()

    def notify(self) -> None:
        self.tmp.notify()

    def enter_process(self, count_taken: Callable[[], int], retire: Callable[[], None]) -> None:
        """Called in the worker's own process: from now on `nr` counts, and setting `alive` has an effect."""
        self._count_taken = count_taken
        self._retire = retire

    def __str__(self) -> str:
        return f"<Worker {self.pid}>"


class WorkerElsewhere:
    """A living worker of another generation, of which this forkserver knows only process id and age."""

    def __init__(self, pid: int, age: int) -> None:
        self.pid = pid
        self.age = age
        self.alive = True
        self.ppid = os.getpid()

    def __str__(self) -> str:
        return f"<Worker {self.pid}>"
