"""The `req` that pre_request and post_request get, made from a request's environ. Its values are built lazily. As in
Gunicorn, the application's environ has the changes that pre_request makes in it.
"""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Tuple

from tunicorn.wsgi.unreader import Unreader

Headers = List[Tuple[str, str]]


class Request:
    def __init__(self, environ: Dict[str, Any], cfg: Any) -> None:
        self.environ = environ
        self.cfg = cfg
        self.trailers: Headers = []
        self.req_number = 1
        self.must_close = False
        self._headers: Optional[Headers] = None
        self._headers_as_received: Headers = []

    @property
    def method(self) -> str:
        return str(self.environ.get("REQUEST_METHOD", ""))

    @method.setter
    def method(self, value: str) -> None:
        self.environ["REQUEST_METHOD"] = value

    @property
    def uri(self) -> str:
        return str(self.environ.get("RAW_URI", ""))

    @uri.setter
    def uri(self, value: str) -> None:
        self.environ["RAW_URI"] = value

    @property
    def path(self) -> str:
        """The path as the client wrote it, without the query."""
        return self.uri.partition("#")[0].partition("?")[0]

    @path.setter
    def path(self, value: str) -> None:
        from urllib.parse import unquote_to_bytes

        query = self.environ.get("QUERY_STRING", "")
        self.environ["RAW_URI"] = f"{value}?{query}" if query else value
        self.environ["PATH_INFO"] = unquote_to_bytes(value).decode("latin-1")

    @property
    def query(self) -> str:
        return str(self.environ.get("QUERY_STRING", ""))

    @query.setter
    def query(self, value: str) -> None:
        self.environ["QUERY_STRING"] = value

    @property
    def fragment(self) -> str:
        return self.uri.partition("#")[2]

    @property
    def version(self) -> Tuple[int, int]:
        major, _, minor = str(self.environ.get("SERVER_PROTOCOL", "HTTP/1.1"))[5:].partition(".")
        return int(major), int(minor or 0)

    @property
    def headers(self) -> Headers:
        """Names are in capitals, with hyphens. Repeated fields are one entry, as in the environ."""
        if self._headers is None:
            self._headers = _headers_of(self.environ)
            self._headers_as_received = list(self._headers)
        return self._headers

    @headers.setter
    def headers(self, value: Headers) -> None:
        _ = self.headers
        self._headers = value

    @property
    def body(self) -> Any:
        return self.environ["wsgi.input"]

    @property
    def unreader(self) -> Unreader:
        return Unreader(self.environ)

    @property
    def scheme(self) -> str:
        return str(self.environ.get("wsgi.url_scheme", "http"))

    @scheme.setter
    def scheme(self, value: str) -> None:
        self.environ["wsgi.url_scheme"] = value

    @property
    def remote_addr(self) -> Any:
        """Host and port; an empty string for a client on a Unix socket, as in Gunicorn."""
        host, port = self.environ.get("REMOTE_ADDR", ""), str(self.environ.get("REMOTE_PORT", ""))
        return (host, int(port)) if port.isdigit() else host

    peer_addr = remote_addr

    @property
    def proxy_protocol_info(self) -> Optional[Dict[str, Any]]:
        environ = self.environ
        if "PROXY_PROTOCOL" not in environ:
            return None
        return {
            "proxy_protocol": environ["PROXY_PROTOCOL"],
            "client_addr": environ.get("REMOTE_ADDR"),
            "client_port": _number(environ.get("REMOTE_PORT")),
            "proxy_addr": environ.get("PROXY_ADDR"),
            "proxy_port": _number(environ.get("PROXY_PORT")),
        }

    def force_close(self) -> None:
        self.must_close = True

    def should_close(self) -> bool:
        """Whether the client asked to close the connection; the gateway decides."""
        words = str(self.environ.get("HTTP_CONNECTION", "")).lower()
        if self.must_close or "close" in words:
            return True
        return self.version <= (1, 0) and "keep-alive" not in words

    def apply_header_changes(self) -> None:
        """Writes the header changes of pre_request to the environ."""
        if self._headers is None or self._headers == self._headers_as_received:
            return
        for name, _ in self._headers_as_received:
            self.environ.pop(_key(name), None)
        for name, value in self._headers:
            key = _key(name)
            self.environ[key] = f"{self.environ[key]},{value}" if key in self.environ else value


def _headers_of(environ: Dict[str, Any]) -> Headers:
    found = [(key[5:].replace("_", "-"), value) for key, value in environ.items() if key.startswith("HTTP_")]
    for key in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if key in environ:
            found.append((key.replace("_", "-"), environ[key]))
    return found


def _key(name: str) -> str:
    key = name.upper().replace("-", "_")
    return key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"


def _number(value: Any) -> Any:
    return int(value) if isinstance(value, str) and value.isdigit() else value
