"""The workers of one forkserver: forks, signals and reaps them, and forwards their reports."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from typing import TYPE_CHECKING, Callable, Dict, List, NamedTuple, cast

from tunicorn.forkserver.arbiter_link import ArbiterLink
from tunicorn.forkserver.hook_host import HookHost, failure_of
from tunicorn.forkserver.stages import Prepared
from tunicorn.hook_objects.worker_object import Worker
from tunicorn.link.message_line import parse_message
from tunicorn.log.catalog import say, workers
from tunicorn.log.python_log import Logs
from tunicorn.process import forked_copy, unpatched
from tunicorn.process.worker_life import WorkerEvent
from tunicorn.worker.worker import Fork, run_worker
from tunicorn.worker.worker_end import disown_children
from tunicorn.worker_classes import worker_class

if TYPE_CHECKING:
    from tunicorn.link.messages import ForkWorker, ForwardedReport


class Child(NamedTuple):
    slot: int
    worker: Worker


class Children:
    def __init__(self, link: ArbiterLink, close_in_child: Callable[[], None]) -> None:
        self._link = link
        self._close_in_child = close_in_child
        self._children: Dict[int, Child] = {}
        self.reports_read, self._reports_write = os.pipe()
        os.set_blocking(self.reports_read, False)
        self._unfinished_report = b""

    def __len__(self) -> int:
        return len(self._children)

    def writing_ends(self) -> List[int]:
        """The descriptors that workers report to."""
        return [self._reports_write]

    def pids(self) -> List[int]:
        return list(self._children)

    def signal(self, pid: int, number: int) -> None:
        if pid in self._children:
            if number == signal.SIGABRT:
                # The worker process records this in its own copy; this object is the one that child_exit gets.
                self._children[pid].worker.life.move(WorkerEvent.ABORT)
            os.kill(pid, number)

    def fork(self, message: ForkWorker, prepared: Prepared) -> None:
        host = prepared.host
        server = host.server
        server.worker_age = message["age"]
        cfg = host.config
        kind = cfg.worker_class
        try:
            worker: Worker = kind(
                message["age"], os.getpid(), server.LISTENERS, server.app, cfg.timeout / 2, cfg, host.logger()
            )
        except Exception as error:
            # The constructor of the user's own worker class.
            self._link.send({"type": "not-forked", "slot": message["slot"]})
            host.report("pre_fork", failure_of(f"{kind.__name__}()", error))
            return
        worker.runs_as = host.worker_class
        failure = host.call("pre_fork", worker)
        if failure is not None:
            self._link.send({"type": "not-forked", "slot": message["slot"]})
            host.report("pre_fork", failure)
            return
        sys.stdout.flush()
        sys.stderr.flush()
        pid = forked_copy.fork_worker()
        if pid == 0:
            try:
                self._close_in_child()
                self._link.close()
                os.close(self.reports_read)
                disown_children()
                worker_class.after_fork()
                run_worker(
                    Fork(
                        settings=prepared.settings,
                        server=server,
                        worker=worker,
                        slot=message["slot"],
                        gateways=message["gateways"],
                        tickets=prepared.tickets,
                        reports_fd=self._reports_write,
                        logs=prepared.logs,
                    )
                )
            finally:
                # Something failed before the worker had its signal handlers and its log.
                traceback.print_exc()
                os._exit(255)
        worker.pid = pid
        self._children[pid] = Child(message["slot"], worker)
        server.WORKERS = {**server.WORKERS, pid: worker}
        self._link.send({"type": "forked", "slot": message["slot"], "pid": pid})

    def forward_reports(self, logs: Logs) -> None:
        try:
            chunk = unpatched.read(self.reports_read, 65536)
        except BlockingIOError:
            return  # No worker has reported anything.
        *lines, self._unfinished_report = (self._unfinished_report + chunk).split(b"\n")
        for line in lines:
            message = parse_message(line)
            if message is not None:
                # The arbiter checks it: it may come from a process that is no worker.
                self._link.send(cast("ForwardedReport", message))
            else:
                # A worker that misbehaves must not end all the others.
                say(logs.logger, workers.MALFORMED_REPORT, line=repr(line[:200]))

    def reap(self, host: HookHost, logs: Logs) -> None:
        # One by one: waitpid(-1) would also reap processes that the configuration file started.
        for pid in list(self._children):
            done, status = unpatched.waitpid(pid, os.WNOHANG)
            if done == 0:
                continue
            child = self._children.pop(pid)
            host.server.WORKERS = {key: worker for key, worker in host.server.WORKERS.items() if key != pid}
            self.forward_reports(logs)
            child.worker.tmp.close()
            # Before the arbiter is notified, so that later hooks, such as on_exit, run after this one.
            failure = host.call("child_exit", child.worker)
            signalled = os.WIFSIGNALED(status)
            self._link.send(
                {
                    "type": "exited",
                    "pid": pid,
                    "slot": child.slot,
                    "code": None if signalled else os.WEXITSTATUS(status),
                    "signal": os.WTERMSIG(status) if signalled else None,
                }
            )
            if failure is not None:
                host.report("child_exit", failure)

    def kill_all(self) -> None:
        for pid in self._children:
            os.kill(pid, signal.SIGKILL)
