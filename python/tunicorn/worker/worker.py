"""A worker's life around its requests: boot, hooks, serving by the module of its class, and the end.

Runs in a process forked by the forkserver (children.py).
"""

from __future__ import annotations

import os
import sys
import time
import traceback
from typing import Any, Callable, Dict, List, NamedTuple, NoReturn, Tuple

from tunicorn.application import load_application as application
from tunicorn.forkserver.message_line import message_line
from tunicorn.hook_objects.server_object import Server
from tunicorn.hook_objects.worker_object import Worker
from tunicorn.log.log import Log, WsgiErrors
from tunicorn.log.python_log import Logs
from tunicorn.log.python_log.idle_access_logger import warning_about_access_logger
from tunicorn.runqueue import unpatched
from tunicorn.runqueue.claims_board import ClaimsBoard
from tunicorn.runqueue.ticket_pipe import TicketPipe
from tunicorn.worker import forked_copy, process_title, spew
from tunicorn.worker.failed_application import FailedApplication, load_or_show
from tunicorn.worker.lifeline import watch_lifeline
from tunicorn.worker.loaded_files import LoadedFiles
from tunicorn.worker.privileges import become
from tunicorn.worker.request_budget import ASK, STOP, RequestBudget
from tunicorn.worker.request_slot import Place, Places
from tunicorn.worker.warm_up import warm_up_wsgi
from tunicorn.worker.worker_duty import Duty
from tunicorn.worker.worker_end import end_process
from tunicorn.worker.worker_settings import WorkerSettings
from tunicorn.worker.worker_signals import Life, adopt_term_handler, install_signals
from tunicorn.worker_classes import worker_class
from tunicorn.wsgi.environ import base_environ
from tunicorn.wsgi.hooked_runner import HookedRunner
from tunicorn.wsgi.run_request import RequestRunner

# Exit statuses, as Gunicorn's.
WORKER_BOOT_ERROR = 3
APP_LOAD_ERROR = 4
UNHANDLED = 255

# A report has to fit into PIPE_BUF.
REPORT_BYTES = 4000
# As much of an error as the log says in one line; the whole of it stands there already.
MESSAGE_LIMIT = 600


class Fork(NamedTuple):
    """What a worker is forked with."""

    settings: WorkerSettings
    server: Server
    worker: Worker
    slot: int
    gateways: List[int]
    tickets: TicketPipe
    reports_fd: int
    logs: Logs


class BootFailed(Exception):
    """Said to the log already, and to the arbiter as the very last thing: it may end the worker at once."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.report = {"type": "boot-failed", "code": code, "message": message[:MESSAGE_LIMIT]}


def run_worker(fork: Fork) -> NoReturn:
    """The whole life of a worker process, to its end. Nothing is raised out of it."""
    log, worker = fork.logs.logger, fork.worker
    worker.pid = os.getpid()
    life = Life()
    life.born = time.monotonic()
    code = UNHANDLED
    last_words: Dict[str, Any] = {}
    try:
        try:
            _serve(fork, life)
            code = 0
        except BootFailed as failed:
            code, last_words = failed.code, failed.report
        except SystemExit as error:
            code = error.code if isinstance(error.code, int) else 0 if error.code is None else 1
        except BaseException:
            log.exception("Exception in worker process")
        # From here on a signal to leave has nothing to say.
        life.told_to_exit = True
        report = _reporter(fork.reports_fd, os.getpid())
        if worker.booted:
            report({"type": "exiting"})
        log.info(f"Worker exiting (pid: {worker.pid})")
        _say_goodbye(fork)
    except BaseException:
        pass  # SIGABRT: the process ends all the same.

    def say_last_words() -> None:
        if last_words:
            _reporter(fork.reports_fd, os.getpid())(last_words)

    end_process(code, say_last_words, log, fork.settings.graceful_timeout, booted=worker.booted)


def _serve(fork: Fork, life: Life) -> None:
    worker = fork.worker
    report, places, adopt_handlers = _enter(fork, life)

    def process() -> None:
        duty = _boot(fork, life, report, places, adopt_handlers)
        adopt_handlers()
        try:
            worker_class.module_of(fork.settings.worker_class).serve(duty)
            worker.end()
            life.tell_application()
        finally:
            worker.end()
            places.shut_down()

    worker._process = process
    worker.init_process()
    if worker._process is not None:
        message = f"{type(worker).__name__}.init_process() has returned without super().init_process(), which serves"
        fork.logs.logger.error(message)
        raise BootFailed(WORKER_BOOT_ERROR, message)


def _enter(fork: Fork, life: Life) -> Tuple[Any, Places, Callable[[], None]]:
    settings, worker, log = fork.settings, fork.worker, fork.logs.logger
    pid = os.getpid()
    report = _reporter(fork.reports_fd, pid)
    forked_copy.keep_reading_end(fork.tickets.descriptors)
    forked_copy.keep_writing_end(lambda: [fork.reports_fd])
    process_title.set_title("worker", settings.proc_name)
    fork.logs.error_log.process = "worker"
    watch_lifeline(settings.lifeline_path, settings.graceful_timeout)
    if worker.cfg.workers != 1 and os.isatty(0):
        _close_terminal()
    fork.server.enter_worker()
    post_fork = worker.cfg.hook("post_fork")
    if post_fork is not None:
        _guarded(lambda: post_fork(fork.server, worker), life, log, "in the hook post_fork")
    if os.geteuid() == 0:
        become(settings.user_id, settings.group_id, settings.init_group_id)
    handlers = install_signals(worker, life, os.path.join(settings.runtime_dir, f"stack-{fork.slot}"), log)
    log.info(f"Booting worker with pid: {pid}")
    board = ClaimsBoard.open(os.path.join(settings.runtime_dir, "board"))
    places = Places(board, settings, fork.slot, fork.gateways, pid)

    def retire() -> None:
        # Before it is ready the arbiter would not know what to do with the wish.
        if worker.booted:
            report({"type": "wants-successor"})

    worker.enter_process(lambda: places.taken, retire)
    return report, places, lambda: adopt_term_handler(life, handlers, log)


def _boot(fork: Fork, life: Life, report: Any, places: Places, adopt_handlers: Callable[[], None]) -> Duty:
    settings, worker, log = fork.settings, fork.worker, fork.logs.logger
    worker_class.patch(settings.worker_class)
    if worker.cfg.spew:
        spew.install()
    if worker.cfg.reload:
        worker.wsgi = load_or_show(worker.app, log, lambda: life.told_to_exit)
        loaded = LoadedFiles(report)
        loaded.report(worker.wsgi.files if isinstance(worker.wsgi, FailedApplication) else ())
        loaded.keep_reporting()
    else:
        worker.wsgi = _guarded(worker.app.wsgi, life, log, "while it was being imported")
    app = worker.wsgi
    _guarded(lambda: worker_class.check(settings.worker_class, app), life, log, "while it was looked at")
    post_worker_init = worker.cfg.hook("post_worker_init")
    if post_worker_init is not None:
        _guarded(lambda: post_worker_init(worker), life, log, "in the hook post_worker_init")

    if not fork.logs.access_is_python:
        warning = warning_about_access_logger(worker.cfg)
        if warning is not None:
            log.warning(warning)

    if worker.cfg.warm_up and not worker.cfg.reload and worker_class.runs_wsgi(settings.worker_class):
        base = _base_environ(fork)
        _guarded(lambda: warm_up_wsgi(app, base, worker.cfg.warm_up), life, log, "at a request of warm_up")

    budget = RequestBudget(worker.max_requests)

    def took() -> bool:
        step = budget.took(time.monotonic())
        if step == ASK:
            report({"type": "wants-successor", "soon": True})
        elif step == STOP and worker.booted:
            log.info("Autorestarting worker after current request.")
            worker.end()
            report({"type": "spent"})
        return step == STOP

    def ready() -> None:
        adopt_handlers()
        now = time.monotonic()
        budget.start(now - life.born, now)
        worker.booted = True
        report({"type": "ready"})
        if not worker.alive:
            report({"type": "wants-successor"})

    logs_access = fork.logs.access_is_python

    def runner(place: Place) -> RequestRunner:
        base = _base_environ(fork)
        wsgi = worker.wsgi
        assert wsgi is not None, "the application is loaded by now"
        common: Dict[str, Any] = {
            "app": wsgi,
            "base_environ": base,
            "channel": place.channels.channel,
            "claim": place.claim,
            "errors": base["wsgi.errors"],
            "log": log,
        }
        if logs_access or HookedRunner.is_wanted(worker.cfg):
            return HookedRunner(worker, logs_access=logs_access, **common)
        return RequestRunner(**common)

    def guarded(step: Any, where: str) -> Any:
        return _guarded(step, life, log, where)

    counted = took if budget.is_limited else None
    return Duty(
        settings, worker, life, fork.tickets.fd, places, runner, log, logs_access, report, ready, guarded, counted
    )


def _base_environ(fork: Fork) -> Dict[str, Any]:
    settings = fork.settings
    return base_environ(
        settings.multiprocess,
        settings.server_software,
        WsgiErrors(fork.logs.errors),
        multithread=worker_class.runs_threads(settings.worker_class),
        sendfile=fork.worker.cfg.sendfile,
    )


def _guarded(step: Any, life: Life, log: Log, where: str) -> Any:
    """Runs a step of the boot that belongs to the user, and turns what it raises into BootFailed."""
    try:
        return step()
    except application.StartFailed as error:
        # Its own words, which may be a traceback, are all that there is to tell.
        said = str(error).rstrip()
        log.error(f"The application has failed to start up:{os.linesep if os.linesep in said else ' '}{said}")
        failed = WORKER_BOOT_ERROR
        message = said.rpartition("\n")[2]
    except application.AppImportError as error:
        log.error(f"Failed to load the application: {error}")
        failed = APP_LOAD_ERROR
        message = str(error)
    except Exception as error:
        application.drop_own_frames(error)
        log.exception("Exception in worker process")
        failed = WORKER_BOOT_ERROR
        message = f"{type(error).__name__}: {error}"
    except SystemExit as error:
        if life.told_to_exit:
            raise
        log.error(f"The application called sys.exit({error.code!r}) {where}")
        failed = WORKER_BOOT_ERROR
        message = f"sys.exit({error.code!r})"
    raise BootFailed(failed, message)


def _close_terminal() -> None:
    """Several debuggers would read each other's lines."""
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)


def _reporter(reports_fd: int, pid: int) -> Any:
    def report(message: Dict[str, Any]) -> None:
        # One write of less than PIPE_BUF: reports of several workers never mix.
        try:
            unpatched.write(reports_fd, message_line({**message, "pid": pid}, "message", REPORT_BYTES))
        except BrokenPipeError:
            pass  # The forkserver is gone, and a new generation under way; this worker goes on until then.

    return report


def _say_goodbye(fork: Fork) -> None:
    try:
        fork.worker.tmp.close()
        worker_exit = fork.worker.cfg.hook("worker_exit")
        if worker_exit is not None:
            worker_exit(fork.server, fork.worker)
    except Exception:
        fork.logs.logger.warning("Exception during worker exit:\n" + traceback.format_exc().rstrip())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
