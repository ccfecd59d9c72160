"""A small response at /, and at /large one of 4 MiB: more than the kernel buffers for a client that does not read."""

from __future__ import annotations

SMALL = b"small\n"
LARGE = b"x" * (4 * 1024 * 1024)


def application(environ, start_response):
    body = LARGE if environ["PATH_INFO"] == "/large" else SMALL
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
