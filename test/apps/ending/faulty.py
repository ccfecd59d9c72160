"""For injecting faults into a worker: records each run, and answers with the request's id and a body in several pieces."""

import hashlib

import ledger


def application(environ, start_response):
    request_id = environ["HTTP_X_ID"]
    ledger.record(request_id)
    digest = hashlib.sha256(environ["wsgi.input"].read()).hexdigest()
    start_response("200 OK", [("Content-Type", "text/plain"), ("X-Id", request_id)])
    yield f"{request_id} {digest}\n".encode()
    yield b"p" * 100_000
    yield b"end"
