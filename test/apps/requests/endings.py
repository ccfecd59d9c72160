"""Ends each request in the way named by its path."""

import os
import time

import rendezvous


def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/die":
        os._exit(6)
    if path == "/sleep":
        time.sleep(3600)
    if path == "/hold":
        rendezvous.wait("held")
    start_response("200 OK", [("Content-Type", "text/plain")])
    yield b"first"
    if path == "/stream":
        rendezvous.wait("streaming")
    if path == "/break":
        raise RuntimeError("broken off")
    if path == "/die-late":
        os._exit(6)
    if path == "/sleep-late":
        time.sleep(3600)
    while path == "/endless":
        yield bytes(65536)
