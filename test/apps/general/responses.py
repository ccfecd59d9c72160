"""Responses of many kinds, one per path."""


class Unsized:
    """An iterable whose length is unknown before its end."""

    def __init__(self, *pieces):
        self.pieces = pieces

    def __iter__(self):
        return iter(self.pieces)


def application(environ, start_response):
    status, headers, body = SHAPES[environ["PATH_INFO"]]
    start_response(status, headers)
    return body


TEXT = ("Content-Type", "text/plain")
SHAPES = {
    "/length": ("200 OK", [TEXT, ("Content-Length", "4")], [b"four"]),
    "/chunked": ("200 OK", [TEXT], Unsized(b"one", b"", b"two", b"three")),
    "/empty": ("200 OK", [TEXT], []),
    "/204": ("204 No Content", [("X-Seen", "204")], []),
    "/204-body": ("204 No Content", [("Content-Length", "4")], [b"body"]),
    "/304": ("304 Not Modified", [("ETag", '"tag"')], []),
    "/304-body": ("304 Not Modified", [("ETag", '"tag"'), ("Content-Length", "4")], [b"body"]),
    "/long": ("200 OK", [TEXT, ("Content-Length", "4")], [b"four", b" and more"]),
    "/short": ("200 OK", [TEXT, ("Content-Length", "40")], [b"four"]),
    "/own-status": ("299 Quite Something", [TEXT, ("Content-Length", "0")], []),
    "/two-cookies": ("200 OK", [TEXT, ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("Content-Length", "0")], []),
    "/hop-by-hop": (
        "200 OK",
        [
            TEXT,
            ("Connection", "keep-alive, x"),
            ("Keep-Alive", "timeout=9"),
            ("Server", "mine"),
            ("Date", "never"),
            ("Content-Length", "2"),
        ],
        [b"ok"],
    ),
    "/injection": ("200 OK", [TEXT, ("X-Evil", "a\r\nX-Injected: yes")], [b"evil"]),
    "/bad-name": ("200 OK", [TEXT, ("X Evil", "a")], [b"evil"]),
    "/not-text": ("200 OK", [TEXT, ("X-Number", 5)], [b"evil"]),
    "/latin-1": ("200 OK", [TEXT, ("X-Name", "caf\xe9"), ("Content-Length", "0")], []),
    "/text-body": ("200 OK", [TEXT], ["not bytes"]),
    "/kib-200": ("200 OK", [TEXT, ("Content-Length", "204800")], [b"k" * 204800]),
}
