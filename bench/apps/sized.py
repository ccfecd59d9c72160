"""GET /N answers with N bytes. A POST is read to its end, and answered with the number of its bytes."""

from __future__ import annotations

PIECE = 64 * 1024
BODIES: dict[int, bytes] = {}


def application(environ, start_response):
    if environ["REQUEST_METHOD"] == "POST":
        read = 0
        while piece := environ["wsgi.input"].read(PIECE):
            read += len(piece)
        body = b"%d\n" % read
    else:
        size = int(environ["PATH_INFO"].lstrip("/") or 0)
        body = BODIES.get(size)
        if body is None:
            body = BODIES[size] = b"x" * size
    start_response("200 OK", [("Content-Type", "application/octet-stream"), ("Content-Length", str(len(body)))])
    return [body]
