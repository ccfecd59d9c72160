"""The `server` that hooks get: facts that the arbiter has sent, and methods that ask the arbiter to act.

Each forkserver has one; workers have the copy from the fork. Attributes that hooks add are carried to the next
generation (carried_state.py).
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Mapping, Optional

from tunicorn.hook_objects.application_object import Application
from tunicorn.hook_objects.listener_object import Listener
from tunicorn.hook_objects.worker_object import WorkerElsewhere

if TYPE_CHECKING:
    from tunicorn.link.messages import AnyAsk, ServerFacts, WorkerFacts


class PidFile:
    """`server.pidfile`; the file itself belongs to the arbiter."""

    def __init__(self, fname: str, pid: int) -> None:
        self.fname = fname
        self.pid = pid


class Server:
    def __init__(
        self, app: Application, facts: ServerFacts, log: Callable[[], Any], ask: Callable[[AnyAsk], None]
    ) -> None:
        cfg = app.cfg
        self.cfg = cfg
        self.app = app
        self.pid = facts["pid"]
        self.master_name = "Arbiter"
        self.master_pid = facts["master_pid"]
        self.reexec_pid = facts["reexec_pid"]
        self.dirty_arbiter_pid = 0
        self.systemd = False
        self.START_CTX: Dict[Any, Any] = {**facts["start"], 0: sys.executable}
        self.timeout: int = cfg.timeout
        self.proc_name = facts["proc_name"]
        self.worker_age = facts["worker_age"]
        self.WORKERS: Dict[int, Any] = {}
        self.LISTENERS: List[Listener] = []
        self.pidfile: Optional[PidFile] = None
        self._num_workers: Optional[int] = None
        self._make_log = log
        self._ask = ask
        self.learn(facts)
        # All later attributes come from hooks.
        self._own_names = frozenset(vars(self)) | {"_own_names"}

    @property
    def log(self) -> Any:
        return self._make_log()

    @property
    def address(self) -> Any:
        return self.cfg.address

    @property
    def worker_class(self) -> Any:
        return self.cfg.worker_class

    @property
    def num_workers(self) -> int:
        return self._num_workers or 0

    @num_workers.setter
    def num_workers(self, value: int) -> None:
        """Takes effect immediately, followed by nworkers_changed in the caller's thread, as in Gunicorn."""
        old, self._num_workers = self._num_workers, value
        self._ask({"type": "ask", "what": "resize", "workers": value})
        self.cfg.nworkers_changed(self, value, old)

    def learn(self, facts: Mapping[str, Any]) -> None:
        """Takes over facts that have changed in the arbiter; missing names have not changed."""
        if "workers" in facts:
            self._num_workers = facts["workers"]
        if "listeners" in facts:
            self.LISTENERS = [Listener(entry["label"], entry["bind"]) for entry in facts["listeners"]]
        if "pidfile" in facts:
            name = facts["pidfile"]
            self.pidfile = None if name is None else PidFile(name, self.pid)
        for name in ("reexec_pid", "master_pid"):
            if name in facts:
                setattr(self, name, facts[name])
        if "elsewhere" in facts:
            self._know_workers_elsewhere(facts["elsewhere"])

    def _know_workers_elsewhere(self, entries: List[WorkerFacts]) -> None:
        own = {pid: worker for pid, worker in self.WORKERS.items() if not isinstance(worker, WorkerElsewhere)}
        others = {entry["pid"]: WorkerElsewhere(entry["pid"], entry["age"]) for entry in entries}
        # A new dictionary each time: a thread may be iterating over the old one.
        self.WORKERS = {**others, **own}

    def kill_worker(self, pid: int, sig: int) -> None:
        """For workers of any generation. For TERM, a successor is forked at the same time."""
        self._ask({"type": "ask", "what": "kill-worker", "pid": pid, "signal": int(sig)})

    def kill_workers(self, sig: int) -> None:
        for pid in list(self.WORKERS):
            self.kill_worker(pid, sig)

    def manage_workers(self) -> None:
        """Forks missing workers and retires surplus ones. The arbiter also does so on its own."""
        self._ask({"type": "ask", "what": "manage"})

    def reload(self) -> None:
        self._ask({"type": "ask", "what": "reload"})

    def stop(self, graceful: bool = True) -> None:
        self._ask({"type": "ask", "what": "stop", "graceful": bool(graceful)})

    def halt(self, reason: Optional[str] = None, exit_status: int = 0) -> None:
        self._ask({"type": "ask", "what": "stop", "graceful": True})

    def wakeup(self) -> None:
        """The arbiter needs no waking; asking it to manage its workers has the same effect."""
        self._ask({"type": "ask", "what": "manage"})

    def enter_worker(self) -> None:
        """A worker's process has no link to the arbiter: from here on, methods only do what signals can."""
        self._ask = self._act_alone

    def _act_alone(self, asked: AnyAsk) -> None:
        import signal

        if asked["what"] == "kill-worker":
            os.kill(asked["pid"], asked["signal"])
        elif asked["what"] == "reload":
            os.kill(self.pid, signal.SIGHUP)
        elif asked["what"] == "stop":
            os.kill(self.pid, signal.SIGTERM if asked["graceful"] else signal.SIGQUIT)

    def hook_attributes(self) -> Dict[str, Any]:
        """The attributes that hooks have set."""
        return {name: value for name, value in vars(self).items() if name not in self._own_names}
