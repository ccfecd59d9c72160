"""The WSGI application of the soak; soak_asgi.py answers the same paths.

/        the length of the body and its SHA-256
/big     so many MiB of "b" (?mib=N), in pieces
/events  so many server-sent events (?count=N), 50 ms apart
/slow    answers after 300 ms
/hang    never answers
/raise   raises an exception
"""

import hashlib
import time

PIECE = b"b" * (64 << 10)


def application(environ, start_response):
    path = environ["PATH_INFO"]
    number = int(environ["QUERY_STRING"].partition("=")[2] or 0)
    if path == "/":
        return digest(environ, start_response)
    if path == "/big":
        start_response("200 OK", [("Content-Length", str(number << 20))])
        return (PIECE for _ in range(number * 16))
    if path == "/events":
        start_response("200 OK", [("Content-Type", "text/event-stream")])
        return events(number)
    if path == "/slow":
        time.sleep(0.3)
        return text(start_response, "200 OK", "slow")
    if path == "/hang":
        time.sleep(3600)
    if path == "/raise":
        raise RuntimeError("the soak asked for this")
    return text(start_response, "404 Not Found", "no such page")


def digest(environ, start_response):
    body = hashlib.sha256()
    length = 0
    while piece := environ["wsgi.input"].read(64 << 10):
        body.update(piece)
        length += len(piece)
    return text(start_response, "200 OK", f"{length} {body.hexdigest()}")


def events(count):
    for number in range(count):
        yield f"data: {number}\n\n".encode()
        time.sleep(0.05)


def text(start_response, status, body):
    start_response(status, [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body.encode()]
