"""The boot of a worker: loads and checks the application, and creates the context that its class serves with."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Callable, NamedTuple

from tunicorn.application import load_application as application
from tunicorn.generated_facts import APP_LOAD_ERROR, WORKER_BOOT_ERROR
from tunicorn.hook_objects.worker_object import Worker
from tunicorn.link.worker_settings import WorkerSettings
from tunicorn.log.catalog import say, say_exception, workers
from tunicorn.log.log_protocol import Log
from tunicorn.log.python_log import Logs
from tunicorn.log.python_log.idle_access_logger import warn_about_access_logger
from tunicorn.log.tracebacks import drop_own_frames
from tunicorn.process.worker_life import WorkerEvent, WorkerLife, WorkerState
from tunicorn.worker import spew
from tunicorn.worker.loaded_files import LoadedFiles
from tunicorn.worker.request_budget import ASK, STOP, RequestBudget
from tunicorn.worker_classes import worker_class
from tunicorn.worker_classes.wsgi_runner import wsgi_environ
from tunicorn.worker_context.failed_application import FailedApplication, load_or_show
from tunicorn.worker_context.request_slot import RequestSlots
from tunicorn.worker_context.stack_file import StackFile
from tunicorn.worker_context.worker_context import WorkerContext
from tunicorn.worker_context.worker_reports import Report
from tunicorn.worker_context.worker_signals import WorkerSignals

if TYPE_CHECKING:
    from tunicorn.link.messages import BootFailedReport

# The part of an error that the arbiter logs in one line; the worker has logged all of it.
MESSAGE_LIMIT = 600


class BootFailed(Exception):
    """The failure is logged already. Its report must be the last: the arbiter may kill the worker as soon as it has it.
    """

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.report: BootFailedReport = {"type": "boot-failed", "code": code, "message": message[:MESSAGE_LIMIT]}


class Entered(NamedTuple):
    """A worker process with its signal handlers, user and slots set up."""

    settings: WorkerSettings
    worker: Worker
    signals: WorkerSignals
    stacks: StackFile
    tickets_fd: int
    slots: RequestSlots
    logs: Logs
    report: Report
    adopt_handlers: Callable[[], None]
    """Adopts a SIGTERM handler that the application has set."""
    born_seconds: float
    """time.monotonic() when the process began."""


def boot(entered: Entered) -> WorkerContext:
    settings, worker, log = entered.settings, entered.worker, entered.logs.logger

    def guard(step: Callable[[], Any], where: str) -> Any:
        return guarded(step, where, worker.life, log)

    worker_class.patch(settings.worker_class)
    if worker.cfg.spew:
        spew.install()
    if worker.cfg.reload:
        worker.wsgi = load_or_show(worker.app, log, lambda: worker.life.state.is_exiting)
        loaded = LoadedFiles(entered.report)
        loaded.report(worker.wsgi.files if isinstance(worker.wsgi, FailedApplication) else ())
        loaded.keep_reporting()
    else:
        worker.wsgi = guard(worker.app.wsgi, "while it was being imported")
    app = worker.wsgi
    guard(lambda: worker_class.check(settings.worker_class, app), "while it was looked at")
    post_worker_init = worker.cfg.hook("post_worker_init")
    if post_worker_init is not None:
        guard(lambda: post_worker_init(worker), "in the hook post_worker_init")

    if not entered.logs.access_is_python:
        warn_about_access_logger(worker.cfg, log)

    budget = RequestBudget(worker.max_requests)
    context = WorkerContext(
        settings=settings,
        worker=worker,
        signals=entered.signals,
        stacks=entered.stacks,
        tickets_fd=entered.tickets_fd,
        slots=entered.slots,
        logs=entered.logs,
        report=entered.report,
        ready=lambda: _ready(entered, budget),
        guarded=guard,
        count_ticket=(lambda: _count_ticket(entered, budget)) if budget.is_limited else None,
    )
    if worker.cfg.warm_up and not worker.cfg.reload and worker_class.runs_wsgi(settings.worker_class):
        from tunicorn.worker_context.warm_up import warm_up_wsgi

        base = wsgi_environ(context)
        guard(lambda: warm_up_wsgi(app, base, worker.cfg.warm_up), "at a request of warm_up")
    return context


def _ready(entered: Entered, budget: RequestBudget) -> None:
    entered.adopt_handlers()
    now = time.monotonic()
    budget.start(now - entered.born_seconds, now)
    entered.worker.life.move(WorkerEvent.READY)
    entered.report({"type": "ready"})
    if entered.worker.life.state is WorkerState.RETIRING:
        entered.report({"type": "wants-successor"})


def _count_ticket(entered: Entered, budget: RequestBudget) -> None:
    step = budget.took(time.monotonic())
    if step == ASK:
        entered.report({"type": "wants-successor", "soon": True})
    elif step == STOP:
        if entered.worker.life.move(WorkerEvent.SPENT).is_booted:
            say(entered.logs.logger, workers.AUTORESTARTING)
            entered.report({"type": "spent"})


def guarded(step: Callable[[], Any], where: str, life: WorkerLife, log: Log) -> Any:
    """Runs a step of the boot that is user code, and turns its exceptions into BootFailed."""
    try:
        return step()
    except application.StartFailed as error:
        # The text, which may be a traceback, says everything.
        said = str(error).rstrip()
        if "\n" in said:
            say(log, workers.START_RAISED, traceback=said)
        else:
            say(log, workers.START_FAILED, reason=said)
        failed = WORKER_BOOT_ERROR
        message = said.rpartition("\n")[2]
    except application.AppImportError as error:
        say(log, workers.APP_NOT_LOADED, reason=error)
        failed = APP_LOAD_ERROR
        message = str(error)
    except Exception as error:
        drop_own_frames(error)
        say_exception(log, workers.EXCEPTION)
        failed = WORKER_BOOT_ERROR
        message = f"{type(error).__name__}: {error}"
    except SystemExit as error:
        if life.state.is_exiting:
            raise
        say(log, workers.APP_EXITED, code=repr(error.code), where=where)
        failed = WORKER_BOOT_ERROR
        message = f"sys.exit({error.code!r})"
    raise BootFailed(failed, message)
