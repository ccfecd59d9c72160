"""Responses that a server has to correct or refuse, one per path, as a WSGI and as an ASGI application."""

SHAPES = {
    "plain": (200, [("Content-Length", "4")], b"four"),
    "close": (200, [("Connection", "close"), ("Content-Length", "4")], b"four"),
    "close-list": (200, [("connection", "x, Close"), ("Content-Length", "4")], b"four"),
    "close-chunks": (200, [("Connection", "close")], b"four"),
    "keep": (200, [("Connection", "keep-alive"), ("Content-Length", "4")], b"four"),
    "205": (205, [("Content-Length", "4")], b"four"),
    "205-plain": (205, [], b"four"),
    "100": (100, [], b""),
    "101": (101, [("Upgrade", "websocket"), ("Connection", "upgrade")], b""),
    "103": (103, [("Link", "</a.css>")], b""),
    "199": (199, [], b"four"),
    "two-lengths": (200, [("Content-Length", "4"), ("Content-Length", "4")], b"four"),
    "list-length": (200, [("Content-Length", "4, 4")], b"four"),
    "minus-length": (200, [("Content-Length", "-4")], b"four"),
    "coding": (200, [("Transfer-Encoding", "chunked")], b"four"),
    "coding-and-length": (200, [("Transfer-Encoding", "gzip, chunked"), ("Content-Length", "4")], b"four"),
}


def wsgi(environ, start_response):
    status, headers, body = SHAPES[environ["PATH_INFO"].strip("/")]
    start_response(f"{status} Whatever", headers)
    yield body


async def asgi(scope, receive, send):
    assert scope["type"] == "http"
    status, headers, body = SHAPES[scope["path"].strip("/")]
    pairs = [(name.encode(), value.encode()) for name, value in headers]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": body, "more_body": True})
    await send({"type": "http.response.body"})
