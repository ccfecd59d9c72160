"""Sends its body through the callable that start_response returns, then through the iterable."""

import rendezvous


def application(environ, start_response):
    write = start_response("200 OK", [("Content-Type", "text/plain")])
    write(b"written, ")
    if environ["PATH_INFO"] == "/wait":
        rendezvous.wait("after write")
    if environ["PATH_INFO"] == "/text":
        write("not bytes")
    write(b"and again, ")
    return [b"then returned"]
