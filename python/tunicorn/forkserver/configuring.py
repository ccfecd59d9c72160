"""The steps of a forkserver before it forks: evaluate the configuration, adopt the resolved settings, and prepare or
check the application. Each step returns its result and its answer to the arbiter.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, Callable, Optional, Tuple, Union

from tunicorn.config import own_worker_class
from tunicorn.config.accounts import look_up
from tunicorn.config.config import Config
from tunicorn.config.config_file import ConfigFileError
from tunicorn.config.server_name import server_names
from tunicorn.forkserver import passed_signals
from tunicorn.forkserver.application_source import ApplicationSource
from tunicorn.forkserver.arbiter_link import ArbiterLink
from tunicorn.forkserver.extra_files import ExtraFiles
from tunicorn.forkserver.hook_host import HookHost
from tunicorn.forkserver.interruption import Interrupted, interruptible
from tunicorn.forkserver.preload import preload
from tunicorn.forkserver.stages import Configured, Prepared, Settled, Stage
from tunicorn.hook_objects.application_object import Application
from tunicorn.link.worker_settings import WorkerSettings
from tunicorn.log.catalog import say, workers
from tunicorn.log.log import ErrorLog
from tunicorn.log.python_log import LogConfigError, Logs, open_logs, unopened_logs
from tunicorn.process import forked_copy
from tunicorn.runqueue.ticket_pipe import TicketPipe
from tunicorn.worker import process_title
from tunicorn.worker.loaded_files import keep_no_young_bytecode
from tunicorn.worker_classes import worker_class

if TYPE_CHECKING:
    from tunicorn.link import messages


class StepFailed(Exception):
    """`answer` is sent to the arbiter."""

    def __init__(self, step: messages.Step, code: int, message: str, traceback: str = "") -> None:
        super().__init__(message)
        self.answer: messages.Failed = {
            "type": "failed",
            "step": step,
            "code": code,
            "message": message,
            "traceback": traceback,
        }


def configure(source: ApplicationSource, message: messages.Configure) -> Tuple[Configured, messages.Configured]:
    """Raises StepFailed."""
    try:
        file, framework, overrides, objects = source.configure(message["config"])
    except ConfigFileError as error:
        raise StepFailed("configure", 1, str(error), error.traceback_text) from error
    except SystemExit as error:
        raise StepFailed("configure", 1, f"The config file called sys.exit({error.code!r})") from error
    finally:
        # Gunicorn's master also sets its own handlers after the configuration file.
        passed_signals.reclaim()
    configured = Configured(file.namespace if objects is None else objects)
    stated = {**framework, **configured.objects, **overrides}
    own_class = own_worker_class.described(message["worker_class"], stated)
    return configured, {
        "type": "configured",
        "python": list(sys.version_info[:3]),
        "worker_class": own_class,
        "accounts": look_up(message["accounts"], (framework, configured.objects, overrides)),
        "path": file.path,
        "values": file.values,
        "framework": framework,
        "overrides": overrides,
        **server_names(),
    }


def settle(
    source: ApplicationSource, link: ArbiterLink, before: Stage, message: messages.Settle
) -> Tuple[Settled, messages.Settled]:
    """Adopts the settings that the arbiter has resolved: from here on this process is as hooks and the application
    expect. Raises StepFailed.
    """
    facts = message["server"]
    try:
        config = Config.resolved(message["settings"], before.objects)
    except ValueError as error:
        raise StepFailed("settle", 1, str(error)) from error
    _enter(config, facts)
    missing = worker_class.missing(facts["worker_class"])
    if missing is not None:
        raise StepFailed("settle", 1, f"Error: {missing}")
    logs = _logs(config, message)
    if config.reload:
        keep_no_young_bytecode()
    process_title.set_title("forkserver", facts["proc_name"])
    own = own_worker_class.own_class(config.settings["worker_class"].get())
    idle = [] if own is None else own_worker_class.idle_overrides(own)
    if own is not None and idle:
        name = f"{own.__module__}.{own.__qualname__}"
        say(logs.logger, workers.IDLE_OVERRIDES, worker_class=name, names=", ".join(idle))
    app = Application(facts["app"], config, source.load)
    host = HookHost(link, config, app, facts=facts, logger=logs.logger)
    return Settled(before.objects, host, logs), {"type": "settled", "hooks": config.hooks}


def import_ahead() -> None:
    """Every worker needs it: its memory is shared. Meanwhile the arbiter binds."""
    from tunicorn.asgi import application_kind  # noqa: F401


def check(stage: Union[Settled, Prepared]) -> messages.Checked:
    """Loads the application for a server that will not start. Raises StepFailed."""
    name = stage.host.worker_class
    worker_class.patch(name)
    _load(stage, check=lambda app: worker_class.check(name, app))
    return {"type": "checked"}


def begin_preparing(stage: Union[Settled, Prepared], message: messages.Prepare) -> Prepared:
    settings = WorkerSettings(**message["settings"])
    stage.host.lifeline = (settings.lifeline_path, settings.graceful_timeout)
    tickets = TicketPipe(settings)
    forked_copy.keep_reading_end(tickets.descriptors)
    config = stage.host.config
    extra_files = ExtraFiles(config.reload_extra_files, stage.host.start_folder) if config.reload else None
    return Prepared(stage.objects, stage.host, stage.logs, settings, tickets, extra_files)


def prepare(prepared: Prepared) -> Optional[messages.Prepared]:
    """None if the arbiter is stopping, and will say what comes next. Raises StepFailed."""
    if prepared.settings.preload_app:
        worker_class.patch(prepared.settings.worker_class)
        try:
            with interruptible():
                _load(prepared, shows_failure=prepared.host.server.cfg.reload)
        except Interrupted:
            return None
        finally:
            passed_signals.reclaim()
    return {"type": "prepared", "capacity": prepared.tickets.widen()}


def _load(
    stage: Union[Settled, Prepared],
    *,
    shows_failure: bool = False,
    check: Callable[[Any], None] = lambda loaded: None,
) -> None:
    failure = preload(stage.host.server.app, stage.logs.logger, shows_failure=shows_failure, check=check)
    if failure is not None:
        raise StepFailed("load", *failure)


def _logs(config: Config, message: messages.Settle) -> Logs:
    error_log = ErrorLog(message["server"]["errorlog"], config.loglevel, config.log_format)
    if message["logs"] != "open":
        return unopened_logs(error_log)
    try:
        return open_logs(config, error_log, message["log_writer"])
    except LogConfigError as error:
        raise StepFailed("settle", 1, f"Error: {error}") from error


def _enter(config: Config, facts: messages.ServerFacts) -> None:
    """Sets up the environment for hooks and the application."""
    os.environ.update(config.env)
    os.environ["SERVER_SOFTWARE"] = facts["server_software"]
    os.chdir(config.chdir)
    sys.path.insert(0, config.chdir)
    for entry in (config.pythonpath or "").split(","):
        if entry:
            sys.path.insert(0, entry)
