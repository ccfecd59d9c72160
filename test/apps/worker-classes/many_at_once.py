"""For worker classes that run several requests concurrently: the path says what a request does."""

import hashlib
import json
import os
import socket
import threading
import time

import rendezvous


def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/stream":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return stream()
    if path == "/sleep":
        fall_asleep()
    elif path == "/doze":
        doze()
    elif path == "/block":
        rendezvous.note("blocking")
        block()
    elif path == "/hold":
        rendezvous.wait("held")
    elif path == "/exit":
        raise SystemExit(5)
    if path == "/environ":
        names = ("wsgi.multithread", "wsgi.multiprocess", "wsgi.run_once")
        body = json.dumps({**{name: environ[name] for name in names}, "socket": socket.socket.__module__}).encode()
    elif path == "/digest":
        body = hashlib.sha256(environ["wsgi.input"].read()).hexdigest().encode()
    elif path == "/big":
        body = b"x" * int(environ["QUERY_STRING"])
    else:
        body = f"{os.getpid()} {threading.get_ident()}".encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("X-Pid", str(os.getpid()))])
    return [body]


def fall_asleep():
    rendezvous.note("asleep")
    time.sleep(3600)


def doze():
    rendezvous.note("dozing")
    time.sleep(3600)


def block():
    """Blocks for 3.5 seconds: a single thread can run nothing else."""
    end = time.monotonic() + 3.5
    while time.monotonic() < end:
        pass


def stream():
    yield b"first,"
    rendezvous.wait("held")
    yield b" last"
