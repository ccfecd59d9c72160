"""The forkserver: evaluates the configuration file, runs the arbiter's hooks, may preload the application, and has
workers forked and reaped.

One per generation, a child of the arbiter. It has one loop: messages of the arbiter, reports of its workers, ends of
its workers. It never touches a request.
"""

from __future__ import annotations

import atexit
import os
import select
import shutil
import signal
import sys
import threading
import time
from typing import Any, Dict, Mapping, Optional

from tunicorn.config import own_worker_class
from tunicorn.config.config import Config
from tunicorn.config.config_file import ConfigFileError
from tunicorn.config.server_name import server_names
from tunicorn.embedding.application_source import ApplicationSource, CommandSource
from tunicorn.forkserver import open_files, passed_signals
from tunicorn.forkserver.arbiter_link import ArbiterLink, Message
from tunicorn.forkserver.children import Children
from tunicorn.forkserver.hook_host import HookHost
from tunicorn.forkserver.interruption import Interrupted, interruptible
from tunicorn.forkserver.preload import preload
from tunicorn.hook_objects.application_object import Application
from tunicorn.hook_objects.request_object import Request
from tunicorn.log.log import ErrorLog
from tunicorn.log.python_log import LogConfigError, Logs, open_logs, relayed, unopened_logs
from tunicorn.runqueue import unpatched
from tunicorn.runqueue.ticket_pipe import TicketPipe
from tunicorn.worker import forked_copy, process_title
from tunicorn.worker.loaded_files import keep_no_young_bytecode
from tunicorn.worker.worker_settings import WorkerSettings
from tunicorn.worker_classes import worker_class

LAST_WORDS_MS = 1000


class Forkserver:
    def __init__(self, link: ArbiterLink, source: ApplicationSource) -> None:
        self._link = link
        self._source = source
        self._objects: Dict[str, Any] = {}
        self._settings: Optional[WorkerSettings] = None
        self._host: Optional[HookHost] = None
        self._logs: Optional[Logs] = None
        self._tickets: Optional[TicketPipe] = None
        # Told to leave; then, without a worker, kept by what hooks have left: threads, and handlers of signals.
        self._leaving = False
        self._lingering = False
        self._relays = False
        # A byte arrives here when SIGCHLD does: the loop below waits on it beside everything else.
        self._wakeup_read, self._wakeup_write = os.pipe()
        for fd in (self._wakeup_read, self._wakeup_write):
            os.set_blocking(fd, False)
        signal.signal(signal.SIGCHLD, lambda signum, frame: None)
        signal.set_wakeup_fd(self._wakeup_write, warn_on_full_buffer=False)
        self._children = Children(link, self._close_wakeup)
        forked_copy.keep_connection(lambda: [link.fileno()])
        forked_copy.keep_reading_end(lambda: [self._wakeup_read, self._children.reports_read])
        forked_copy.keep_writing_end(lambda: [self._wakeup_write, *self._children.writing_ends()])

    def serve(self) -> None:
        """Runs until the arbiter says leave and the last worker is gone, or the arbiter itself is."""
        poll = unpatched.poll()
        for fd in (self._link.fileno(), self._wakeup_read, self._children.reports_read):
            poll.register(fd, select.POLLIN)
        while not self._is_done():
            ready = [fd for fd, _ in poll.poll()]
            # Reports before ends: a worker's "boot failed" must reach the arbiter before its exit does.
            if self._children.reports_read in ready and self._logs is not None:
                self._children.forward_reports(self._logs)
            if self._wakeup_read in ready:
                unpatched.read(self._wakeup_read, 4096)
                self._pass_signals()
                self._reap()
            if self._link.fileno() in ready:
                for message in self._link.receive():
                    self._obey(message)
                if not self._link.is_open:
                    self._outlive_arbiter()
                    return
        if self._relays:
            self._hear_last_words()

    def _is_done(self) -> bool:
        if not self._leaving or len(self._children) > 0:
            return False
        host = self._host
        if host is None:
            return True
        threads, handled = host.living_threads(), host.handled_signals()
        is_needed = bool(threads or handled)
        if is_needed and not self._lingering:
            # They go on as they would in Gunicorn's master, until the arbiter closes the link.
            self._lingering = True
            self._link.send({"type": "lingers", "threads": threads, "handled": handled})
        return not is_needed

    def _obey(self, message: Message) -> None:
        kind = message["type"]
        if kind == "configure":
            self._configure(message)
        elif kind == "settle":
            self._settle(message)
        elif kind == "check":
            self._check()
        elif kind == "prepare":
            self._prepare(message)
        elif kind == "fork":
            self._fork(message)
        elif kind == "signal":
            self._children.signal(message["pid"], message["signal"])
        elif kind == "reopen-logs":
            self._reopen_logs()
        elif kind == "log" or kind == "access":
            self._relay(message)
        elif kind == "leave":
            self._leaving = True
        else:
            self._obey_about_hooks(kind, message)

    def _obey_about_hooks(self, kind: str, message: Message) -> None:
        host = self._host
        assert host is not None, f"{kind} before settle"
        if kind == "hook":
            host.obey(message)
        elif kind == "facts":
            host.server.learn(message["facts"])
        elif kind == "pack-state":
            host.send_state()
        elif kind == "call-handler":
            host.call_handler(message["signal"])
        elif kind == "release-handlers":
            host.release_handlers()

    def _configure(self, message: Message) -> None:
        try:
            file, framework, overrides, objects = self._source.configure(message["config"])
        except ConfigFileError as error:
            self._link.send(_failed("configure", 1, str(error), error.traceback_text))
            return
        except SystemExit as error:
            self._link.send(_failed("configure", 1, f"The config file called sys.exit({error.code!r})", ""))
            return
        finally:
            # Gunicorn's master sets its own behind the configuration file, too.
            passed_signals.reclaim()
        self._objects = file.namespace if objects is None else objects
        stated = {**framework, **self._objects, **overrides}
        own_class = own_worker_class.described(message["worker_class"], stated)
        found = {"path": file.path, "values": file.values, "framework": framework, "overrides": overrides}
        self._link.send({"type": "configured", "worker_class": own_class, **found, **server_names()})

    def _settle(self, message: Message) -> None:
        """The arbiter has resolved the settings: from here on this process has what hooks and application expect."""
        try:
            config = Config.resolved(message["settings"], self._objects)
        except ValueError as error:
            self._link.send(_failed("settle", 1, str(error), ""))
            return
        _enter(config, message["server"])
        missing = worker_class.missing(message["server"]["worker_class"])
        if missing is not None:
            self._link.send(_failed("settle", 1, f"Error: {missing}", ""))
            return
        error_log = ErrorLog(message["server"]["errorlog"], config.loglevel, config.log_format)
        try:
            if message["logs"] == "open":
                self._logs = open_logs(config, error_log, message["log_writer"])
            else:
                self._logs = unopened_logs(error_log)
        except LogConfigError as error:
            self._link.send(_failed("settle", 1, f"Error: {error}", ""))
            return
        if config.reload:
            keep_no_young_bytecode()
        process_title.set_title("forkserver", message["server"]["proc_name"])
        own = own_worker_class.own_class(config.settings["worker_class"].get())
        if own is not None:
            warning = own_worker_class.warning_about(own)
            if warning is not None:
                self._logs.logger.warning(warning)
        app = Application(message["server"]["app"], config, self._source.load)
        self._host = HookHost(
            self._link, config, app, facts=message["server"], logger=self._logs.logger
        )
        self._link.send({"type": "settled", "hooks": config.hooks})

    def _check(self) -> None:
        assert self._host is not None and self._logs is not None, "check before settle"
        name = self._host.worker_class
        worker_class.patch(name)
        failure = preload(self._host.server.app, self._logs.logger, check=lambda app: worker_class.check(name, app))
        self._link.send({"type": "checked"} if failure is None else _failed("load", *failure))

    def _prepare(self, message: Message) -> None:
        assert self._host is not None and self._logs is not None, "prepare before settle"
        settings = WorkerSettings(**message["settings"])
        self._settings = settings
        self._host.lifeline = (settings.lifeline_path, settings.graceful_timeout)
        self._tickets = tickets = TicketPipe(settings)
        forked_copy.keep_reading_end(tickets.descriptors)
        if settings.preload_app:
            worker_class.patch(settings.worker_class)
            try:
                with interruptible():
                    failure = preload(
                        self._host.server.app, self._logs.logger, shows_failure=self._host.server.cfg.reload
                    )
            except Interrupted:
                return  # The arbiter stops, and says what is next.
            finally:
                passed_signals.reclaim()
            if failure is not None:
                self._link.send(_failed("load", *failure))
                return
        self._link.send({"type": "prepared", "capacity": self._tickets.widen()})

    def _fork(self, message: Message) -> None:
        assert self._host is not None and self._logs is not None, "fork before settle"
        assert self._settings is not None and self._tickets is not None, "fork before prepare"
        self._children.fork(message, self._host, self._settings, self._tickets, self._logs)

    def _reopen_logs(self) -> None:
        if self._logs is None:
            return
        try:
            self._logs.logger.reopen_files()
        except Exception:
            self._logs.logger.exception("The log files are not reopened")

    def _relay(self, message: Message) -> None:
        """What another process has to say, and leaves to Python's loggers."""
        logs, host = self._logs, self._host
        assert logs is not None and host is not None, "a relayed line before settle"
        self._relays = True
        if message["type"] == "log":
            relayed.log_relayed(logs.logger, message)
        else:
            relayed.access_relayed(logs.logger, lambda environ: Request(environ, host.config), message)

    def _hear_last_words(self) -> None:
        """Lines may be on their way here; the arbiter ends its half of the link behind the last of them."""
        self._link.finish()
        poll = unpatched.poll()
        poll.register(self._link.fileno(), select.POLLIN)
        while self._link.is_open and poll.poll(LAST_WORDS_MS):
            for message in self._link.receive():
                if message["type"] in ("log", "access"):
                    self._relay(message)

    def _pass_signals(self) -> None:
        for message in passed_signals.taken():
            self._link.send(message)

    def _reap(self) -> None:
        if self._host is not None and self._logs is not None:
            self._children.reap(self._host, self._logs)

    def _close_wakeup(self) -> None:
        for fd in (self._wakeup_read, self._wakeup_write):
            os.close(fd)

    def _outlive_arbiter(self) -> None:
        """The arbiter is gone: the workers finish what the gateways still hand them, within graceful_timeout."""
        settings = self._settings
        if settings is None:
            return
        deadline = time.monotonic() + settings.graceful_timeout
        poll = unpatched.poll()
        poll.register(self._wakeup_read, select.POLLIN)
        while len(self._children) > 0 and time.monotonic() < deadline:
            poll.poll(max(0.0, deadline - time.monotonic()) * 1000)
            self._reap()
        self._children.kill_all()
        shutil.rmtree(settings.runtime_dir, ignore_errors=True)
        shutil.rmtree(settings.spool_dir, ignore_errors=True)


def _enter(config: Config, facts: Mapping[str, Any]) -> None:
    """The surroundings that hooks run in and the application is loaded in."""
    os.environ.update(config.env)
    os.environ["SERVER_SOFTWARE"] = facts["server_software"]
    os.chdir(config.chdir)
    sys.path.insert(0, config.chdir)
    for entry in (config.pythonpath or "").split(","):
        if entry:
            sys.path.insert(0, entry)


def _failed(step: str, code: int, message: str, text: str) -> Message:
    return {"type": "failed", "step": step, "code": code, "message": message, "traceback": text}


def main() -> None:
    run(CommandSource())


def run(source: ApplicationSource) -> None:
    open_files.restore()
    passed_signals.install()
    for number in passed_signals.PASSED:
        forked_copy.keep_handler(number)
    Forkserver(ArbiterLink(), source).serve()
    if any(not thread.daemon for thread in threading.enumerate() if thread is not threading.main_thread()):
        # A hook's thread that would never let the interpreter end.
        atexit._run_exitfuncs()
        os._exit(0)
