"""A worker's process from its fork to its end: set-up, boot, serving by the module of its class, and exit.
"""

from __future__ import annotations

import os
import sys
import time
import traceback
from typing import TYPE_CHECKING, List, NamedTuple, NoReturn, Optional

from tunicorn.generated_facts import BOARD_FILE, STACKS_FILE, UNHANDLED, WORKER_BOOT_ERROR
from tunicorn.hook_objects.server_object import Server
from tunicorn.hook_objects.worker_object import Worker
from tunicorn.link.worker_settings import WorkerSettings
from tunicorn.log.catalog import say, say_exception, text_of, workers
from tunicorn.log.python_log import Logs
from tunicorn.process import forked_copy
from tunicorn.process.worker_life import WorkerEvent
from tunicorn.runqueue.claims_board import ClaimsBoard
from tunicorn.runqueue.ticket_pipe import TicketPipe
from tunicorn.worker import process_title
from tunicorn.worker.lifeline import watch_lifeline
from tunicorn.worker.privileges import become
from tunicorn.worker.term_handler import adopt_term_handler
from tunicorn.worker.worker_boot import BootFailed, Entered, boot, guarded
from tunicorn.worker.worker_end import end_process
from tunicorn.worker_classes import worker_class
from tunicorn.worker_context.request_slot import RequestSlots
from tunicorn.worker_context.stack_file import StackFile
from tunicorn.worker_context.worker_reports import reporter
from tunicorn.worker_context.worker_signals import WorkerSignals, install_signals

if TYPE_CHECKING:
    from tunicorn.link.messages import BootFailedReport


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


def run_worker(fork: Fork) -> NoReturn:
    """The whole life of a worker process. It raises nothing."""
    log, worker = fork.logs.logger, fork.worker
    worker.pid = os.getpid()
    code = UNHANDLED
    last_words: Optional[BootFailedReport] = None
    try:
        try:
            _serve(fork, time.monotonic())
            code = 0
        except BootFailed as failed:
            code, last_words = failed.code, failed.report
        except SystemExit as error:
            code = error.code if isinstance(error.code, int) else 0 if error.code is None else 1
        except BaseException:
            say_exception(log, workers.EXCEPTION)
        # From here on, signals to leave have no effect.
        worker.life.move(WorkerEvent.END)
        report = reporter(fork.reports_fd, os.getpid())
        if worker.booted:
            report({"type": "exiting"})
        say(log, workers.EXITING, pid=worker.pid)
        _say_goodbye(fork)
    except BaseException:
        pass  # SIGABRT: the process is ending anyway.

    def say_last_words() -> None:
        if last_words is not None:
            reporter(fork.reports_fd, os.getpid())(last_words)

    end_process(code, say_last_words, log, fork.settings.graceful_timeout, booted=worker.booted)


def _serve(fork: Fork, born_seconds: float) -> None:
    worker = fork.worker
    entered = _enter(fork, born_seconds)

    def process() -> None:
        context = boot(entered)
        entered.adopt_handlers()
        try:
            worker_class.module_of(fork.settings.worker_class).serve(context)
            worker.life.move(WorkerEvent.LEAVE)
            entered.signals.notify_application()
        finally:
            worker.life.move(WorkerEvent.LEAVE)
            entered.slots.shut_down()

    worker._process = process
    worker.init_process()
    if worker._process is not None:
        name = type(worker).__name__
        say(fork.logs.logger, workers.NOT_SERVED, worker_class=name)
        raise BootFailed(WORKER_BOOT_ERROR, text_of(workers.NOT_SERVED, worker_class=name))


def _enter(fork: Fork, born_seconds: float) -> Entered:
    settings, worker, log = fork.settings, fork.worker, fork.logs.logger
    pid = os.getpid()
    report = reporter(fork.reports_fd, pid)
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
        guarded(lambda: post_fork(fork.server, worker), "in the hook post_fork", worker.life, log)
    if os.geteuid() == 0:
        become(settings.user_id, settings.group_id, settings.init_group_id)
    signals = WorkerSignals()
    handlers = install_signals(worker, signals, log)
    stacks = StackFile(os.path.join(settings.runtime_dir, STACKS_FILE.format(fork.slot)))
    say(log, workers.BOOTING, pid=pid)
    board = ClaimsBoard.open(os.path.join(settings.runtime_dir, BOARD_FILE))
    slots = RequestSlots(board, settings, fork.slot, fork.gateways)

    def ask_for_successor() -> None:
        # The arbiter accepts this request only from a worker that is ready.
        if worker.booted:
            report({"type": "wants-successor"})

    worker.enter_process(lambda: slots.claimed_tickets, ask_for_successor)
    return Entered(
        settings=settings,
        worker=worker,
        signals=signals,
        stacks=stacks,
        tickets_fd=fork.tickets.fd,
        slots=slots,
        logs=fork.logs,
        report=report,
        adopt_handlers=lambda: adopt_term_handler(signals, handlers, log),
        born_seconds=born_seconds,
    )


def _close_terminal() -> None:
    """Debuggers in several workers would steal each other's input."""
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)


def _say_goodbye(fork: Fork) -> None:
    try:
        fork.worker.tmp.close()
        worker_exit = fork.worker.cfg.hook("worker_exit")
        if worker_exit is not None:
            worker_exit(fork.server, fork.worker)
    except Exception:
        say(fork.logs.logger, workers.EXIT_EXCEPTION, traceback=traceback.format_exc().rstrip())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
