"""Calls pre_request, logger.access() and post_request for the requests of an ASGI application. Created only if there is
something to call.
"""

from __future__ import annotations

from datetime import timedelta
from time import monotonic_ns
from typing import Any, Dict, List, Tuple

from tunicorn.asgi.http.http_exchange import HttpExchange
from tunicorn.log.catalog import hooks, requests, say_exception
from tunicorn.wsgi.request_object import Request


class RequestObserver:
    def __init__(self, worker: Any, logs_access: bool) -> None:
        self._worker = worker
        self._logs_access = logs_access
        self._pre_request = worker.cfg.pre_request
        self._post_request = worker.cfg.hook("post_request")

    def begin(self, scope: Dict[str, Any], exchange: HttpExchange) -> ObservedRequest:
        """Raises what pre_request raises."""
        request = Request(_environ_of(scope), self._worker.cfg)
        self._pre_request(self._worker, request)
        exchange.closes = request.must_close
        return ObservedRequest(request, ExchangeView(exchange), monotonic_ns())

    def end(self, observed: ObservedRequest) -> None:
        request, view = observed.request, observed.view
        log = self._worker.log
        if self._logs_access and not view.is_gone:
            took = timedelta(microseconds=(monotonic_ns() - observed.began_ns) // 1000)
            try:
                log.access(view, request, request.environ, took)
            except Exception:
                say_exception(log, requests.ACCESS_LOG_RAISED)
        if self._post_request is None:
            return
        try:
            self._post_request(self._worker, request, request.environ, view)
        except Exception:
            say_exception(log, hooks.RAISED, hook="post_request")


class ObservedRequest:
    __slots__ = ("began_ns", "request", "view")

    def __init__(self, request: Request, view: ExchangeView, began_ns: int) -> None:
        self.request = request
        self.view = view
        self.began_ns = began_ns


class ExchangeView:
    """The `resp` of hooks and loggers."""

    must_close = False
    upgrade = False
    version = (1, 1)

    def __init__(self, exchange: HttpExchange) -> None:
        self._exchange = exchange

    @property
    def status(self) -> int:
        """The number alone, as in Gunicorn for ASGI."""
        return self._exchange.status

    @property
    def status_code(self) -> int:
        return self._exchange.status

    @property
    def headers(self) -> List[Tuple[str, str]]:
        return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in self._exchange.headers]

    @property
    def sent(self) -> int:
        """Bytes of the body sent."""
        return self._exchange.body_bytes

    @property
    def headers_sent(self) -> bool:
        return self._exchange.state.head_is_sent

    @property
    def is_gone(self) -> bool:
        """Whether the gateway has ended and logged the request, because the client has left or at the deadline."""
        return self._exchange.is_gone

    def should_close(self) -> bool:
        return False


def _environ_of(scope: Dict[str, Any]) -> Dict[str, Any]:
    """The part of a WSGI environ that hooks and access logs use."""
    raw_path = scope["raw_path"].decode("latin-1")
    path = scope["path"]
    if path.startswith(scope["root_path"]):
        path = path[len(scope["root_path"]) :]
    query = scope["query_string"].decode("latin-1")
    client = scope["client"]
    server = scope["server"]
    environ = {
        "REQUEST_METHOD": scope["method"],
        "RAW_URI": f"{raw_path}?{query}" if query else raw_path,
        "PATH_INFO": path.encode("utf-8", "surrogateescape").decode("latin-1"),
        "QUERY_STRING": query,
        "SCRIPT_NAME": scope["root_path"],
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": server[0],
        "SERVER_PORT": "" if server[1] is None else str(server[1]),
        "REMOTE_ADDR": client[0] if client else "",
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": None,
    }
    if client:
        environ["REMOTE_PORT"] = str(client[1])
    for name, value in scope["headers"]:
        key = name.decode("latin-1").upper().replace("-", "_")
        key = key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"
        text = value.decode("latin-1")
        environ[key] = f"{environ[key]},{text}" if key in environ else text
    return environ
