"""The forkserver: evaluates the configuration file, may preload the application, forks workers and reaps them.

One per generation, a child of the arbiter. It has one thread and one loop: messages of the arbiter, reports of its
workers, ends of its workers. It never touches a request.
"""

from __future__ import annotations

import gc
import json
import os
import select
import shutil
import signal
import sys
import threading
import time
import traceback
from typing import Any, Callable, Dict, NamedTuple, Optional

from tunicorn import process_title
from tunicorn.arbiter_link import ArbiterLink, Message
from tunicorn.config_file import ConfigFileError
from tunicorn.log import ErrorLog
from tunicorn.program import CommandProgram, Program, server_names
from tunicorn.worker import APP_LOAD_ERROR, WORKER_BOOT_ERROR, WorkerSettings, run_worker
from tunicorn.wsgi import application

F_SETPIPE_SZ = 1031
TICKET_BYTES = 4096
# 256 tickets; what an unprivileged process may ask for by default (/proc/sys/fs/pipe-max-size).
WANTED_PIPE_BYTES = 1 << 20


class Child(NamedTuple):
    slot: int
    age: int


class Forkserver:
    def __init__(self, link: ArbiterLink, program: Program) -> None:
        self._link = link
        self._program = program
        self._children: Dict[int, Child] = {}
        self._settings: Optional[WorkerSettings] = None
        self._log = ErrorLog("-", "info")
        self._preloaded: Optional[Callable[..., Any]] = None
        self._tickets_fd = -1
        self._reports_read, self._reports_write = os.pipe()
        self._unfinished_report = b""
        self._leaving = False
        # A byte arrives here when SIGCHLD does: the loop below waits on it beside everything else.
        self._wakeup_read, wakeup_write = os.pipe()
        for fd in (self._wakeup_read, wakeup_write, self._reports_read):
            os.set_blocking(fd, False)
        signal.signal(signal.SIGCHLD, lambda signum, frame: None)
        signal.set_wakeup_fd(wakeup_write, warn_on_full_buffer=False)
        self._wakeup_write = wakeup_write

    def serve(self) -> None:
        """Runs until the arbiter says leave and the last worker is gone, or the arbiter itself is."""
        poll = select.poll()
        for fd in (self._link.fileno(), self._wakeup_read, self._reports_read):
            poll.register(fd, select.POLLIN)
        while not (self._leaving and not self._children):
            ready = [fd for fd, _ in poll.poll()]
            # Reports before ends: a worker's "boot failed" must reach the arbiter before its exit does.
            if self._reports_read in ready:
                self._forward_reports()
            if self._wakeup_read in ready:
                os.read(self._wakeup_read, 4096)
                self._reap()
            if self._link.fileno() in ready:
                for message in self._link.receive():
                    self._obey(message)
                if not self._link.is_open:
                    self._outlive_arbiter()
                    return

    def _obey(self, message: Message) -> None:
        kind = message["type"]
        if kind == "configure":
            self._configure(message)
        elif kind == "check":
            self._check(message)
        elif kind == "prepare":
            self._prepare(message)
        elif kind == "fork":
            self._fork(message)
        elif kind == "signal":
            if message["pid"] in self._children:
                os.kill(message["pid"], message["signal"])
        elif kind == "reopen-logs":
            self._log.reopen()
        elif kind == "leave":
            self._leaving = True

    def _configure(self, message: Message) -> None:
        try:
            file, framework, overrides = self._program.configure(message["config"])
        except ConfigFileError as error:
            self._link.send(_failed("configure", 1, str(error), error.traceback_text))
            return
        except SystemExit as error:
            self._link.send(_failed("configure", 1, f"The config file called sys.exit({error.code!r})", ""))
            return
        found = {"path": file.path, "values": file.values, "framework": framework, "overrides": overrides}
        self._link.send({"type": "configured", **found, **server_names()})

    def _check(self, message: Message) -> None:
        settings = WorkerSettings(**message["settings"])
        _enter(settings)
        if self._preload(settings):
            self._link.send({"type": "checked"})

    def _prepare(self, message: Message) -> None:
        settings = WorkerSettings(**message["settings"])
        self._settings = settings
        self._log = ErrorLog(settings.errorlog, settings.loglevel)
        _enter(settings)
        process_title.set_title("forkserver", settings.proc_name)
        self._open_tickets(settings)
        if settings.preload_app and not self._preload(settings):
            return
        capacity = _widen_pipe(self._tickets_fd) // TICKET_BYTES
        self._link.send({"type": "prepared", "capacity": capacity})

    def _open_tickets(self, settings: WorkerSettings) -> None:
        for path in (settings.tickets_path, settings.lifeline_path):
            if not os.path.exists(path):
                os.mkfifo(path, 0o600)
                if os.geteuid() == 0:
                    os.chown(path, settings.user_id, settings.group_id)
        # The arbiter can open the lifeline for writing only while somebody reads it.
        self._lifeline_fd = os.open(settings.lifeline_path, os.O_RDONLY | os.O_NONBLOCK)
        # Without O_NONBLOCK this would wait for a writer; the workers' reads must wait, so it is taken off again.
        self._tickets_fd = os.open(settings.tickets_path, os.O_RDONLY | os.O_NONBLOCK)
        os.set_blocking(self._tickets_fd, True)

    def _preload(self, settings: WorkerSettings) -> bool:
        try:
            self._preloaded = self._program.load(settings.app)
        except application.AppImportError as error:
            self._link.send(_failed("load", APP_LOAD_ERROR, str(error), ""))
            return False
        except Exception as error:
            text = application.user_traceback(error)
            self._link.send(_failed("load", WORKER_BOOT_ERROR, _one_line(error), text))
            return False
        except SystemExit as error:
            self._link.send(_failed("load", WORKER_BOOT_ERROR, f"the application called sys.exit({error.code!r})", ""))
            return False
        names = [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()]
        if names:
            self._log.warning(
                "Preloading has started threads that no worker will have, and that may hold a lock at the fork: "
                + ", ".join(names)
            )
        # What is loaded now is shared with every worker; frozen, the collector does not write to it and unshare it.
        gc.collect()
        gc.freeze()
        return True

    def _load(self) -> Callable[..., Any]:
        if self._preloaded is not None:
            return self._preloaded
        assert self._settings is not None, "load before prepare"
        return self._program.load(self._settings.app)

    def _fork(self, message: Message) -> None:
        settings = self._settings
        assert settings is not None, "fork before prepare"
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid == 0:
            self._become_worker(settings, message)
        self._children[pid] = Child(message["slot"], message["age"])
        self._link.send({"type": "forked", "slot": message["slot"], "pid": pid})

    def _become_worker(self, settings: WorkerSettings, message: Message) -> None:
        code = 255
        try:
            signal.set_wakeup_fd(-1)
            self._link.close()
            for fd in (self._reports_read, self._wakeup_read, self._wakeup_write):
                os.close(fd)
            code = run_worker(
                settings,
                slot=message["slot"],
                gateways=message["gateways"],
                tickets_fd=self._tickets_fd,
                reports_fd=self._reports_write,
                log=self._log,
                load=self._load,
            )
        except SystemExit as error:
            code = error.code if isinstance(error.code, int) else 0 if error.code is None else 1
        except BaseException:
            self._log.exception("Exception in worker process")
        finally:
            try:
                sys.stdout.flush()
                sys.stderr.flush()
            finally:
                # Not sys.exit: the forkserver's own frames, and what it would do at exit, are not the worker's.
                os._exit(code)

    def _forward_reports(self) -> None:
        *lines, self._unfinished_report = (self._unfinished_report + os.read(self._reports_read, 65536)).split(b"\n")
        for line in lines:
            self._link.send(json.loads(line))

    def _reap(self) -> None:
        # One by one: waitpid(-1) would also take the ends of processes that the configuration file started.
        for pid in list(self._children):
            done, status = os.waitpid(pid, os.WNOHANG)
            if done == 0:
                continue
            child = self._children.pop(pid)
            self._forward_reports_of_the_dead()
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

    def _forward_reports_of_the_dead(self) -> None:
        try:
            self._forward_reports()
        except BlockingIOError:
            pass  # The worker had nothing more to say.

    def _outlive_arbiter(self) -> None:
        """The arbiter is gone: the workers finish what the gateways still hand them, within graceful_timeout."""
        settings = self._settings
        if settings is None:
            return
        deadline = time.monotonic() + settings.graceful_timeout
        while self._children and time.monotonic() < deadline:
            select.select([self._wakeup_read], [], [], max(0.0, deadline - time.monotonic()))
            self._reap()
        for pid in self._children:
            os.kill(pid, signal.SIGKILL)
        shutil.rmtree(settings.runtime_dir, ignore_errors=True)
        shutil.rmtree(settings.spool_dir, ignore_errors=True)


def _enter(settings: WorkerSettings) -> None:
    """The surroundings that the application is loaded in."""
    os.environ.update(settings.env)
    os.environ["SERVER_SOFTWARE"] = settings.server_software
    os.chdir(settings.chdir)
    sys.path.insert(0, settings.chdir)
    for entry in settings.pythonpath:
        sys.path.insert(0, entry)


def _failed(step: str, code: int, message: str, text: str) -> Message:
    return {"type": "failed", "step": step, "code": code, "message": message, "traceback": text}


def _one_line(error: BaseException) -> str:
    return "".join(traceback.format_exception_only(type(error), error)).strip()


def _widen_pipe(fd: int) -> int:
    import fcntl

    try:
        return fcntl.fcntl(fd, F_SETPIPE_SZ, WANTED_PIPE_BYTES)
    except OSError:
        # EPERM: over /proc/sys/fs/pipe-user-pages-soft. The default pipe holds 16 tickets, which is enough to serve.
        return 16 * TICKET_BYTES


def main() -> None:
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2):
        # Whoever signals the whole process group means the arbiter; it tells the forkserver what to do.
        signal.signal(ignored, signal.SIG_IGN)
    Forkserver(ArbiterLink(), CommandProgram()).serve()
