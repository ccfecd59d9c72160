"""The scopes of requests and WebSockets."""

from __future__ import annotations

import unittest
from typing import Any, Dict

import asgi_doubles  # noqa: F401 - puts python/ on sys.path

from tunicorn.asgi.scope import HttpScopes, http_scope, websocket_scope

FIELDS: Dict[str, str] = {
    "method": "GET",
    "version": "1.1",
    "scheme": "http",
    "path": "/",
    "query": "",
    "client": "10.0.0.1",
    "client_port": "5000",
    "server": "10.0.0.2",
    "server_port": "80",
    "script_name": "",
}


def fields(*headers: Any, **changes: str) -> Any:
    return ticket_fields(*headers, **changes).split(b"\0")


def ticket_fields(*headers: Any, **changes: str) -> bytes:
    values = [*{**FIELDS, **changes}.values(), *(text for pair in headers for text in pair)]
    return "\0".join(values).encode("latin-1")


class Scopes(unittest.TestCase):
    def test_a_scope_has_everything(self) -> None:
        state = {"db": []}
        scope = http_scope(fields(("host", "a"), ("x", "1"), ("x", ""), ("y", "é"), query="a=%20&b"), "", state)
        self.assertEqual(
            scope,
            {
                "type": "http",
                "asgi": {"version": "3.0", "spec_version": "2.5"},
                "http_version": "1.1",
                "method": "GET",
                "scheme": "http",
                "path": "/",
                "raw_path": b"/",
                "query_string": b"a=%20&b",
                "root_path": "",
                "headers": [(b"host", b"a"), (b"x", b"1"), (b"x", b""), (b"y", b"\xe9")],
                "client": ("10.0.0.1", 5000),
                "server": ("10.0.0.2", 80),
                "state": {"db": []},
                "extensions": {
                    "http.response.early_hint": {},
                    "http.response.pathsend": {},
                    "http.response.trailers": {},
                },
            },
        )
        scope["state"]["mine"] = 1
        scope["extensions"]["mine"] = {}
        scope["state"]["db"].append(1)
        other = http_scope(fields(), "", state)
        self.assertEqual(other["state"], {"db": [1]})
        self.assertNotIn("mine", other["extensions"])
        self.assertEqual(other["headers"], [])

    def test_repeated_fields_give_a_scope_of_their_own_each_time(self) -> None:
        state: Dict[str, Any] = {"db": []}
        scopes = HttpScopes("/api", state)
        repeated = ticket_fields(("host", "a"), ("x", "1"))
        for _ in range(3):
            scope = scopes.build(bytes(bytearray(repeated)))
            self.assertEqual(scope, http_scope(repeated.split(b"\0"), "/api", state))
            # None of this may reach another request.
            scope["headers"].append((b"mine", b""))
            scope["state"]["mine"] = scope["extensions"]["mine"] = scope["mine"] = 1
        state["later"] = 2
        self.assertEqual(scopes.build(repeated)["state"], {"db": [], "later": 2})

    def test_as_many_different_fields_as_come_and_long_ones(self) -> None:
        scopes = HttpScopes("", {})
        for number in (*range(1000), *range(0, 1000, 7)):
            path = f"/{number}" + "x" * (number * 9 % 3000)
            self.assertEqual(scopes.build(ticket_fields(path=path))["path"], path)

    def test_unix_sockets_have_a_path_and_no_port(self) -> None:
        scope = http_scope(fields(client="", client_port="", server="/run/app.sock", server_port=""), "", {})
        self.assertEqual((scope["client"], scope["server"]), (None, ("/run/app.sock", None)))

    def test_paths(self) -> None:
        for raw, script_name, setting, path, root in (
            ("/a/b", "", "", "/a/b", ""),
            ("/a%20b%2Fc", "", "", "/a b/c", ""),
            ("/%C3%BC", "", "", "/ü", ""),
            ("/%FF", "", "", "/\ufffd", ""),
            ("/%zz%", "", "", "/%zz%", ""),
            ("/\xc3\xbc", "", "", "/ü", ""),
            ("/a", "", "/api", "/api/a", "/api"),
            ("/api/a", "", "/api", "/api/a", "/api"),
            ("/api", "", "/api", "/api", "/api"),
            ("/apis", "", "/api", "/api/apis", "/api"),
            ("/", "", "/api", "/api/", "/api"),
            ("/a", "/v1", "/api", "/api/v1/a", "/api/v1"),
            ("/a", "/v1", "", "/v1/a", "/v1"),
            ("*", "", "/api", "*", "/api"),
        ):
            with self.subTest(raw=raw, root=root):
                scope = http_scope(fields(path=raw, script_name=script_name), setting, {})
                self.assertEqual((scope["path"], scope["root_path"]), (path, root))
                self.assertEqual(scope["raw_path"], (script_name + raw).encode("latin-1"))

    def test_a_WebSockets_scope(self) -> None:
        headers = (("sec-websocket-protocol", "a, b,,"), ("sec-websocket-protocol", " c "))
        scope = websocket_scope(fields(*headers, scheme="https"), "", {})
        self.assertEqual((scope["type"], scope["scheme"]), ("websocket", "wss"))
        self.assertEqual(scope["subprotocols"], ["a", "b", "c"])
        self.assertEqual(scope["extensions"], {"websocket.http.response": {}})
        self.assertNotIn("method", scope)
        self.assertEqual(websocket_scope(fields(), "", {})["scheme"], "ws")
        self.assertEqual(websocket_scope(fields(), "", {})["subprotocols"], [])


if __name__ == "__main__":
    unittest.main()
