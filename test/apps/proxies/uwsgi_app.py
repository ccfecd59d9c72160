"""The same answers from a WSGI and from an ASGI application: the request as JSON, or the shape that the path names."""

import hashlib
import json

SHAPES = {
    "/redirect": (302, [("Location", "/elsewhere"), ("Content-Length", "0")], [b""]),
    "/304": (304, [("ETag", '"tag"')], [b""]),
    "/204": (204, [], [b""]),
    # Without a length, only the end of the connection ends them.
    "/stream": (200, [("Content-Type", "text/plain")], [b"one", b"", b"two", b"x" * 100_000]),
    "/chunky": (200, [("Transfer-Encoding", "chunked")], [b"not ", b"chunked"]),
    "/large-head": (200, [("X-Large", "h" * 6000), ("Content-Length", "2")], [b"ok"]),
}


def shape_of(path, seen):
    if path in SHAPES:
        return SHAPES[path]
    payload = json.dumps(seen()).encode()
    return 200, [("Content-Type", "application/json"), ("Content-Length", str(len(payload)))], [payload]


def about(body):
    return {"bytes": len(body), "sha256": hashlib.sha256(body).hexdigest()}


def application(environ, start_response):
    # First, so that a response to a request with a body does not overtake it.
    body = environ["wsgi.input"].read()

    def seen():
        headers = {key[5:].lower().replace("_", "-"): value for key, value in environ.items() if key[:5] == "HTTP_"}
        return {
            "method": environ["REQUEST_METHOD"],
            "scheme": environ["wsgi.url_scheme"],
            "root": environ.get("SCRIPT_NAME", ""),
            "path": environ["PATH_INFO"].encode("latin-1").decode(),
            "query": environ["QUERY_STRING"],
            "client": environ["REMOTE_ADDR"],
            "hasPort": environ.get("REMOTE_PORT", "").isdigit(),
            "type": environ.get("CONTENT_TYPE"),
            "headers": headers,
            **about(body),
        }

    status, headers, pieces = shape_of(environ["PATH_INFO"], seen)
    start_response(f"{status} Reason", headers)
    return iter(pieces)


async def asgi(scope, receive, send):
    if scope["type"] == "lifespan":
        return
    if scope["type"] == "websocket":
        return await echo(receive, send)
    body = b""
    more = True
    while more:
        message = await receive()
        body += message["body"]
        more = message["more_body"]

    def seen():
        headers = {name.decode(): value.decode("latin-1") for name, value in scope["headers"]}
        return {
            "method": scope["method"],
            "scheme": scope["scheme"],
            "root": scope["root_path"],
            "path": scope["path"][len(scope["root_path"]) :],
            "query": scope["query_string"].decode(),
            "client": scope["client"][0],
            "hasPort": scope["client"][1] > 0,
            "type": headers.pop("content-type", None),
            "headers": headers,
            **about(body),
        }

    status, headers, pieces = shape_of(scope["path"], seen)
    fields = [(name.encode(), value.encode()) for name, value in headers]
    await send({"type": "http.response.start", "status": status, "headers": fields})
    for piece in pieces:
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def echo(receive, send):
    assert (await receive())["type"] == "websocket.connect"
    await send({"type": "websocket.accept"})
    message = await receive()
    await send({"type": "websocket.send", "text": message["text"] * 2})
    await send({"type": "websocket.close"})
