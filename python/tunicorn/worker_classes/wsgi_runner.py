"""The request runner of a slot, for the classes that call the application by PEP 3333."""

from __future__ import annotations

from typing import Any, Dict

from tunicorn.log.wsgi_errors import WsgiErrors
from tunicorn.worker_classes import worker_class
from tunicorn.worker_context.request_slot import RequestSlot
from tunicorn.worker_context.worker_context import WorkerContext
from tunicorn.wsgi.environ import base_environ
from tunicorn.wsgi.hooked_runner import HookedRunner
from tunicorn.wsgi.run_request import RequestRunner


def wsgi_runner(context: WorkerContext, slot: RequestSlot) -> RequestRunner:
    worker, logs_access = context.worker, context.logs.access_is_python
    base = wsgi_environ(context)
    assert worker.wsgi is not None, "the application is loaded by now"
    common: Dict[str, Any] = {
        "app": worker.wsgi,
        "base_environ": base,
        "channel": slot.channels.channel,
        "claim": slot.claim,
        "errors": base["wsgi.errors"],
        "log": context.log,
    }
    if logs_access or HookedRunner.is_wanted(worker.cfg):
        return HookedRunner(worker, logs_access=logs_access, **common)
    return RequestRunner(**common)


def wsgi_environ(context: WorkerContext) -> Dict[str, Any]:
    """The part of the environ that all requests share."""
    settings = context.settings
    return base_environ(
        settings.multiprocess,
        settings.server_software,
        WsgiErrors(context.logs.errors),
        multithread=worker_class.runs_threads(settings.worker_class),
        sendfile=context.worker.cfg.sendfile,
    )
