"""Yields a piece, waits for the test, yields the next."""

import rendezvous


def application(environ, start_response):
    headers = [("Content-Type", "text/plain")]
    if environ["QUERY_STRING"] == "length":
        headers.append(("Content-Length", "10"))
    start_response("200 OK", headers)
    yield b"first"
    rendezvous.wait("before second")
    yield b""
    yield b"other"
