"""Fails at every stage of a response."""

import sys


def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/before":
        raise RuntimeError("before start_response")
    if path == "/exit":
        sys.exit(5)
    start_response("200 OK", [("Content-Type", "text/plain"), *lengths(environ)])
    if path == "/started":
        raise RuntimeError("after start_response, before a byte")
    if path == "/ok":
        return [b"fine"]
    return pieces(path)


def lengths(environ):
    return [("Content-Length", "100")] if environ["QUERY_STRING"] == "length" else []


def pieces(path):
    if path == "/first":
        raise RuntimeError("before the first piece")
    yield b"the first piece"
    raise RuntimeError("after the first piece")
