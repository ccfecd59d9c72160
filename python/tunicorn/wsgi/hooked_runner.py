"""A request runner that calls pre_request, logger.access() and post_request. It replaces the plain runner only if there
is something to call, so a server without these pays nothing for them.
"""

from __future__ import annotations

from datetime import timedelta
from time import monotonic_ns
from typing import Any

from tunicorn.log.catalog import hooks, requests, say_exception
from tunicorn.runqueue.ticket import Ticket
from tunicorn.wsgi.request_object import Request
from tunicorn.wsgi.response_object import ResponseView
from tunicorn.wsgi.run_request import Application, RequestRunner, WorkerEnded


class HookedRunner(RequestRunner):
    """Runs one request at a time: a worker with several threads needs one for each."""

    def __init__(self, worker: Any, *, app: Application, logs_access: bool = False, **plain: Any) -> None:
        super().__init__(app=self._run_hooked, **plain)
        self._worker = worker
        self._inner = app
        self._logs_access = logs_access
        self._began_ns = 0
        self._pre_request = worker.cfg.pre_request
        self._post_request = worker.cfg.hook("post_request")
        self._request: Request | None = None
        self._view: ResponseView | None = None
        self._environ: dict[str, Any] = {}

    @staticmethod
    def is_wanted(cfg: Any) -> bool:
        # Even without a user's hook, pre_request logs a line at level debug.
        has_hooks = cfg.hook("pre_request") is not None or cfg.hook("post_request") is not None
        return has_hooks or cfg.loglevel.lower() == "debug"

    def _run_hooked(self, environ: dict[str, Any], start_response: Any) -> Any:
        # `start_response` is a bound method of the response.
        view = ResponseView(start_response.__self__)
        request = Request(environ, self._worker.cfg)
        self._request, self._view, self._environ = request, view, environ
        self._began_ns = monotonic_ns()
        environ["wsgi.early_hints"] = view.early_hints
        self._pre_request(self._worker, request)
        request.apply_header_changes()
        start_response.__self__.closes = request.must_close
        self._began_ns = monotonic_ns()

        def start_and_record(status: str, headers: Any, exc_info: Any = None) -> Any:
            write = start_response(status, headers, exc_info)
            view.started(status, headers)
            return write

        return self._inner(environ, start_and_record)

    def _answer(self, ticket: Ticket) -> BaseException | None:
        logs_access = self._logs_access
        try:
            return super()._answer(ticket)
        except WorkerEnded:
            # The gateway sends the response and logs it.
            logs_access = False
            raise
        finally:
            # Inside the claim, so that the arbiter sees a hanging hook as a hanging request.
            self._after_request(logs_access)

    def _after_request(self, logs_access: bool) -> None:
        request, view, environ = self._request, self._view, self._environ
        self._request = self._view = None
        self._environ = {}
        if request is None:
            return
        # The gateway logs requests that it has ended.
        if logs_access and view is not None and not view.is_cancelled():
            took = timedelta(microseconds=(monotonic_ns() - self._began_ns) // 1000)
            try:
                self._worker.log.access(view, request, environ, took)
            except Exception:
                say_exception(self._worker.log, requests.ACCESS_LOG_RAISED)
        if self._post_request is None:
            return
        try:
            self._post_request(self._worker, request, environ, view)
        except Exception:
            say_exception(self._worker.log, hooks.RAISED, hook="post_request")
