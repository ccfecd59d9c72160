"""The setting `warm_up`: requests that a new worker makes to its application before it is ready. What the application
imports or connects to at its first request then fails at boot, like a failed import.
"""

from __future__ import annotations

import logging
from io import BytesIO
from typing import Any, Callable, Dict, Iterable, List, NamedTuple, Optional
from urllib.parse import unquote_to_bytes, urlsplit

from tunicorn.application.load_application import StartFailed
from tunicorn.log.tracebacks import user_traceback

USER_AGENT = "tunicorn-warm-up"
CLIENT = "127.0.0.1"


class WarmUpFailed(StartFailed):
    """The text is the traceback; its last line names the request."""


class WarmUpRequest(NamedTuple):
    entry: str
    scheme: str
    host: str
    """For the Host header."""
    name: str
    port: str
    path: str
    """Still percent-encoded."""
    query: str

    def headers(self) -> Dict[str, str]:
        return {"Host": self.host, "User-Agent": USER_AGENT, "Accept": "*/*"}


def parse(entry: str) -> WarmUpRequest:
    """`entry` is a path, which is requested from http://localhost, or a whole URL."""
    url = urlsplit(entry if "://" in entry.partition("?")[0] else f"http://localhost{entry}")
    scheme = url.scheme.lower()
    default_port = "443" if scheme == "https" else "80"
    port = str(url.port) if url.port else default_port
    return WarmUpRequest(entry, scheme, url.netloc, url.hostname or "localhost", port, url.path or "/", url.query)


class WarmUp:
    """One warm-up request, as a context manager; call `answered` with the status of its response."""

    def __init__(self, request: WarmUpRequest) -> None:
        self._request = request
        self._logged: Optional[BaseException] = None
        self._before: Callable[..., logging.LogRecord] = logging.getLogRecordFactory()

    def __enter__(self) -> WarmUp:
        # If a framework turns an exception into a response, only its log may say what it was.
        self._before = logging.getLogRecordFactory()
        logging.setLogRecordFactory(self._make_record)
        return self

    def __exit__(self, kind: Any, error: Optional[BaseException], traceback: Any) -> None:
        logging.setLogRecordFactory(self._before)
        # The boot handles sys.exit() and signals.
        if isinstance(error, Exception) and not isinstance(error, WarmUpFailed):
            raise self._failed(f"raised {type(error).__name__}: {error}", error) from None

    def answered(self, status: int) -> None:
        """Raises WarmUpFailed for a status that ends the boot."""
        if status == 500:
            raise self._failed("was answered with 500", self._logged)

    def _make_record(self, *arguments: Any, **named: Any) -> logging.LogRecord:
        record = self._before(*arguments, **named)
        if record.exc_info and record.exc_info[1] is not None:
            self._logged = record.exc_info[1]
        return record

    def _failed(self, how: str, error: Optional[BaseException]) -> WarmUpFailed:
        text = "" if error is None else user_traceback(error)
        said = f"warm_up: GET {self._request.entry} {how}".partition("\n")[0]
        return WarmUpFailed(f"{text}{said}")


def warm_up_wsgi(app: Callable[..., Iterable[bytes]], base_environ: Dict[str, Any], entries: Iterable[str]) -> None:
    """Raises WarmUpFailed."""
    for request in map(parse, entries):
        with WarmUp(request) as under_way:
            under_way.answered(_ask(app, environ_of(request, base_environ)))
        base_environ["wsgi.errors"].flush()


def _ask(app: Callable[..., Iterable[bytes]], environ: Dict[str, Any]) -> int:
    statuses: List[str] = []

    def start_response(status: str, headers: Any, exc_info: Any = None) -> Callable[[bytes], None]:
        statuses.append(status)
        return lambda data: None

    body = app(environ, start_response)
    try:
        for _ in body:
            pass
    finally:
        close = getattr(body, "close", None)
        if close is not None:
            close()
    if not statuses:
        raise RuntimeError("the application returned without calling start_response()")
    return int(statuses[-1].split(" ", 1)[0])


def environ_of(request: WarmUpRequest, base_environ: Dict[str, Any]) -> Dict[str, Any]:
    prefix: str = base_environ.get("SCRIPT_NAME", "")
    path = unquote_to_bytes(request.path).decode("latin-1")
    if prefix and (path == prefix or path.startswith(prefix + "/")):
        path = path[len(prefix) :]
    fields = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in request.headers().items()}
    return {
        **base_environ,
        **fields,
        "REQUEST_METHOD": "GET",
        "RAW_URI": request.path + (f"?{request.query}" if request.query else ""),
        "PATH_INFO": path,
        "QUERY_STRING": request.query,
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_NAME": request.name,
        "SERVER_PORT": request.port,
        "REMOTE_ADDR": CLIENT,
        "REMOTE_PORT": "0",
        "wsgi.url_scheme": request.scheme,
        "wsgi.input": BytesIO(),
        "wsgi.early_hints": lambda headers: None,
        "tunicorn.client_disconnected": lambda: False,
        "tunicorn.queue_time": 0.0,
        "tunicorn.warm_up": True,
    }
