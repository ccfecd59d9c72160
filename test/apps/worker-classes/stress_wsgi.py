"""One application for tests under every worker class; stress_asgi.py is the same for ASGI.

/         answers a body with its SHA-256; each request's X-Id and process are recorded
/hold     waits for the test at "held"; /hold-late sends its head and a piece before that
/events   server-sent events until the client leaves, or ?count=N of them
/big      32 MiB
/sleep    reports to the test, then sleeps forever in a function of that name
/block    blocks the whole process
"""

import hashlib
import os
import time

import ledger
import rendezvous

time.sleep(float(os.environ.get("IMPORT_SECONDS", "0")))
if os.path.exists(os.environ.get("BROKEN", "")):
    raise RuntimeError("a broken deploy")


def application(environ, start_response):
    path = environ["PATH_INFO"]
    if "HTTP_X_ID" in environ:
        ledger.record(f"{environ['HTTP_X_ID']} {os.getpid()}")
    if path == "/hold":
        rendezvous.wait("held")
    elif path == "/hold-late":
        return hold_late(start_response)
    elif path == "/events":
        return events(environ, start_response)
    elif path == "/big":
        return big(start_response)
    elif path == "/sleep":
        fall_asleep()
    elif path == "/block":
        block()
    digest = hashlib.sha256(environ["wsgi.input"].read()).hexdigest()
    return answer(start_response, f"{environ.get('HTTP_X_ID', '-')} {digest}")


def answer(start_response, text):
    fields = [("Content-Length", str(len(text))), ("X-Pid", str(os.getpid()))]
    start_response("200 OK", fields)
    return [text.encode()]


def hold_late(start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    yield b"begun"
    rendezvous.wait("held")
    yield b"done"


def events(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/event-stream"), ("X-Pid", str(os.getpid()))])
    _, _, count = environ["QUERY_STRING"].partition("=")
    number = 0
    while not count or number < int(count):
        yield f"data: {number}\n\n".encode()
        number += 1
        time.sleep(0.05)


def big(start_response):
    start_response("200 OK", [("Content-Length", str(32 << 20))])
    for _ in range(512):
        yield b"b" * (64 << 10)


def fall_asleep():
    rendezvous.note("asleep")
    time.sleep(3600)


def block():
    rendezvous.note("blocked")
    # A single call into C code that holds the GIL.
    sum(iter(int, 1))
