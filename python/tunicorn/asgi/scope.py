"""Turns the fields of a ticket into the scope of an application (ASGI, "HTTP & WebSocket message format")."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Tuple
from urllib.parse import unquote

# The fields of a ticket for ASGI, before the pairs of header names and values (src/gateway/ticket/asgi-fields.ts).
METHOD, VERSION, SCHEME, RAW_PATH, QUERY, CLIENT, CLIENT_PORT, SERVER, SERVER_PORT, ROOT_PATH, HEADERS = range(11)

_VERSIONS = {"version": "3.0", "spec_version": "2.5"}
_EXTENSIONS: Dict[str, Dict[str, Any]] = {
    "http.response.early_hint": {},
    "http.response.pathsend": {},
    "http.response.trailers": {},
}
# Values of nearly every ticket, as text: looking them up is faster than decoding.
_TEXTS = {text.encode(): text for text in ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "1.1", "http", "https")}
# A server has few addresses.
_servers: Dict[Tuple[bytes, bytes], Tuple[str, Optional[int]]] = {}
_REMEMBERED = 250
_REMEMBERED_BYTES = 1000
_WEBSOCKET_EXTENSIONS: Dict[str, Dict[str, Any]] = {"websocket.http.response": {}}


class HttpScopes:
    """Builds the scopes of HTTP requests. A client that keeps its connection often repeats a request to the byte, whose
    fields need no second parsing.
    """

    __slots__ = ("_known", "_root_path", "_state")

    def __init__(self, root_path: str, state: Dict[str, Any]) -> None:
        self._root_path = root_path
        self._state = state
        self._known: Dict[bytes, Dict[str, Any]] = {}

    def build(self, fields: bytes) -> Dict[str, Any]:
        """The application may change the scope, its list of headers, and the outermost dictionaries in it."""
        known = self._known.get(fields)
        if known is None:
            known = self._parse(fields)
        scope = known.copy()
        scope["headers"] = scope["headers"].copy()
        scope["state"] = self._state.copy()
        scope["extensions"] = _EXTENSIONS.copy()
        return scope

    def _parse(self, fields: bytes) -> Dict[str, Any]:
        scope = http_scope(fields.split(b"\0"), self._root_path, {})
        if len(fields) <= _REMEMBERED_BYTES:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[fields] = scope
        return scope


def http_scope(fields: List[bytes], root_path: str, state: Dict[str, Any]) -> Dict[str, Any]:
    """`root_path` is the setting; a proxy's SCRIPT_NAME follows it. The scope gets a copy of the lifespan's state."""
    scope = _common(fields, root_path, state)
    scope["type"] = "http"
    method = fields[METHOD]
    scope["method"] = _TEXTS.get(method) or method.decode("latin-1")
    scheme = fields[SCHEME]
    scope["scheme"] = _TEXTS.get(scheme) or scheme.decode("latin-1")
    scope["extensions"] = _EXTENSIONS.copy()
    return scope


def websocket_scope(fields: List[bytes], root_path: str, state: Dict[str, Any]) -> Dict[str, Any]:
    scope = _common(fields, root_path, state)
    scope["type"] = "websocket"
    scope["scheme"] = "wss" if fields[SCHEME] == b"https" else "ws"
    scope["subprotocols"] = _subprotocols(scope["headers"])
    scope["extensions"] = _WEBSOCKET_EXTENSIONS.copy()
    return scope


def _common(fields: List[bytes], root_path: str, state: Dict[str, Any]) -> Dict[str, Any]:
    # The gateway has removed a proxy's SCRIPT_NAME from the path, as PATH_INFO requires.
    _, version, _, raw_path, query, client, client_port, server, server_port, script_name, *headers = fields
    if script_name:
        raw_path = script_name + raw_path
    path = raw_path.decode("latin-1") if raw_path.isascii() else raw_path.decode("utf-8", "replace")
    if "%" in path:
        path = unquote(path)
    # A proxy may have removed the setting's prefix or kept it; the path of the scope has it in either case.
    if root_path and path[:1] == "/" and not (path == root_path or path.startswith(root_path + "/")):
        path = root_path + path
    if script_name:
        root_path += script_name.decode("latin-1")
    return {
        "asgi": _VERSIONS,
        "http_version": _TEXTS.get(version) or version.decode("latin-1"),
        "path": path,
        "raw_path": raw_path,
        "query_string": query,
        "root_path": root_path,
        "headers": list(zip(headers[::2], headers[1::2])),
        "client": (client.decode("latin-1"), int(client_port or 0)) if client else None,
        "server": _servers.get((server, server_port)) or _server(server, server_port),
        "state": state.copy(),
    }


def _server(host: bytes, port: bytes) -> Tuple[str, Optional[int]]:
    server = (host.decode("latin-1"), int(port) if port else None)
    if len(_servers) < _REMEMBERED:
        _servers[host, port] = server
    return server


def _subprotocols(headers: List[Tuple[bytes, bytes]]) -> List[str]:
    found: List[str] = []
    for name, value in headers:
        if name == b"sec-websocket-protocol":
            found += [each.strip() for each in value.decode("latin-1").split(",") if each.strip()]
    return found
