"""A worker of class sync: takes a ticket, runs the application, answers on its channel, and takes the next.

Runs in a process forked by the forkserver. It ends at end-of-file on the pipe (its generation is drained) or when it
is told to leave.
"""

from __future__ import annotations

import faulthandler
import json
import os
import signal
import sys
from typing import Any, Callable, Dict, List, NamedTuple, Optional

from tunicorn import process_title
from tunicorn.claims_board import ClaimsBoard, ClaimSlot
from tunicorn.fault_points import FAULT
from tunicorn.gateway_channels import GatewayChannels
from tunicorn.lifeline import watch_lifeline
from tunicorn.log import ErrorLog, WsgiErrors, install_logging_handlers
from tunicorn.privileges import become
from tunicorn.ticket import TICKET_BYTES, TicketError, decode
from tunicorn.wsgi import application
from tunicorn.wsgi.environ import base_environ
from tunicorn.wsgi.run_request import RequestRunner

# Exit statuses, as Gunicorn's.
WORKER_BOOT_ERROR = 3
APP_LOAD_ERROR = 4


class WorkerSettings(NamedTuple):
    """What the arbiter tells a generation: settings by their names, and where things are."""

    app: str
    generation: int
    runtime_dir: str
    spool_dir: str
    tickets_path: str
    lifeline_path: str
    chdir: str
    pythonpath: List[str]
    env: Dict[str, str]
    server_software: str
    preload_app: bool
    worker_class: str
    slots: int
    multiprocess: bool
    max_requests: int
    max_requests_jitter: int
    graceful_timeout: int
    errorlog: str
    loglevel: str
    proc_name: str
    user_id: int
    group_id: int
    init_group_id: Optional[int]


class Leave(BaseException):
    """Raised out of the wait for a ticket, and nowhere else, when the worker is to go."""


class Life:
    """What the signal handlers and the loop share."""

    __slots__ = ("leaving", "told_to_exit", "waiting")

    def __init__(self) -> None:
        self.leaving = False
        self.waiting = False
        # By a signal, in the middle of whatever is going on: then a SystemExit is not the application's.
        self.told_to_exit = False

    def leave(self, signum: int, frame: object) -> None:
        self.leaving = True
        if self.waiting:
            self.waiting = False
            raise Leave


def run_worker(
    settings: WorkerSettings,
    *,
    slot: int,
    gateways: List[int],
    tickets_fd: int,
    reports_fd: int,
    log: ErrorLog,
    load: Callable[[], Callable[..., Any]],
) -> int:
    """The whole life of a worker process; returns its exit status."""
    pid = os.getpid()
    life = Life()
    process_title.set_title("worker", settings.proc_name)
    watch_lifeline(settings.lifeline_path, settings.graceful_timeout)
    # Its imports may not be readable for the user that the worker becomes.
    install_logging_handlers(log)
    if os.geteuid() == 0:
        become(settings.user_id, settings.group_id, settings.init_group_id)
    _install_signals(settings, slot, life, log)
    log.info(f"Booting worker with pid: {pid}")
    board = ClaimsBoard.open(os.path.join(settings.runtime_dir, "board"))
    claim = board.slot(slot)
    claim.begin(pid)

    def report(message: Dict[str, Any]) -> None:
        # One write of less than PIPE_BUF: reports of several workers never mix.
        try:
            os.write(reports_fd, json.dumps({**message, "pid": pid}).encode()[:4000] + b"\n")
        except BrokenPipeError:
            pass  # The forkserver is gone, and a new generation under way; this worker goes on until then.

    try:
        app = load()
    except application.AppImportError as error:
        log.error(f"Failed to load the application: {error}")
        report({"type": "boot-failed", "code": APP_LOAD_ERROR, "message": str(error)[:1000]})
        return APP_LOAD_ERROR
    except Exception as error:
        log.error("Exception in worker process\n" + application.user_traceback(error))
        report({"type": "boot-failed", "code": WORKER_BOOT_ERROR, "message": f"{type(error).__name__}: {error}"[:1000]})
        return WORKER_BOOT_ERROR
    except SystemExit as error:
        if life.told_to_exit:
            raise
        log.error(f"The application called sys.exit({error.code!r}) while it was being imported")
        report({"type": "boot-failed", "code": WORKER_BOOT_ERROR, "message": f"sys.exit({error.code!r})"[:1000]})
        return WORKER_BOOT_ERROR

    channels = GatewayChannels(settings.runtime_dir, slot, pid, settings.generation, claim)
    for number in gateways:
        channels.connect(number)
    errors = WsgiErrors(log)
    runner = RequestRunner(
        app=app,
        base_environ=base_environ(settings.multiprocess, settings.server_software, errors),
        channel=channels.channel,
        claim=claim,
        errors=errors,
        log=log,
    )
    report({"type": "ready"})
    _take_tickets(settings, life, tickets_fd, claim, channels, runner, log, report)
    log.info(f"Worker exiting (pid: {pid})")
    return 0


def _take_tickets(
    settings: WorkerSettings,
    life: Life,
    tickets_fd: int,
    claim: ClaimSlot,
    channels: GatewayChannels,
    runner: RequestRunner,
    log: ErrorLog,
    report: Callable[[Dict[str, Any]], None],
) -> None:
    buffer = bytearray(TICKET_BYTES)
    length = memoryview(buffer)[:4].cast("I")
    views = [buffer]
    readv = os.readv
    run = runner.run
    last_ticket = _max_requests(settings)
    while not life.leaving:
        length[0] = 0
        try:
            life.waiting = True
            if life.leaving:
                return
            taken = readv(tickets_fd, views)
            life.waiting = False
        except Leave:
            # The kernel may have handed over a ticket before the handler raised.
            taken = length[0]
        if taken == 0:
            if not life.leaving:
                report({"type": "drained"})
            return
        if FAULT is not None:
            FAULT("after-take")
        try:
            ticket = decode(buffer)
        except TicketError as error:
            log.error(f"Malformed ticket: {error}")
            continue
        run(ticket)
        if last_ticket and claim.taken >= last_ticket:
            # The arbiter sends a TERM when the successor is ready; until then there is work to do.
            last_ticket = 0
            log.info("Autorestarting worker after current request.")
            report({"type": "wants-successor"})


def _max_requests(settings: WorkerSettings) -> int:
    if not settings.max_requests:
        return 0
    from random import randint

    return settings.max_requests + randint(0, settings.max_requests_jitter)


def _install_signals(settings: WorkerSettings, slot: int, life: Life, log: ErrorLog) -> None:
    def quit_now(signum: int, frame: object) -> None:
        life.told_to_exit = True
        sys.exit(0)

    def abort(signum: int, frame: object) -> None:
        life.told_to_exit = True
        sys.exit(1)

    def reopen_logs(signum: int, frame: object) -> None:
        log.reopen()

    for default in (signal.SIGHUP, signal.SIGUSR2, signal.SIGCHLD):
        signal.signal(default, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, life.leave)
    signal.signal(signal.SIGINT, quit_now)
    signal.signal(signal.SIGQUIT, quit_now)
    signal.signal(signal.SIGABRT, abort)
    signal.signal(signal.SIGUSR1, reopen_logs)
    signal.signal(signal.SIGWINCH, signal.SIG_IGN)
    # The stack is written from a C handler, so it is there even when the interpreter never gets to run the Python one
    # above, which faulthandler raises the signal for a second time. It does the same for SIGSEGV and its like.
    stack = os.open(os.path.join(settings.runtime_dir, f"stack-{slot}"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    faulthandler.enable(file=stack, all_threads=True)
