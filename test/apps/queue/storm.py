"""Takes two seconds to import; answers a POST with the body's SHA-256 and records that it ran."""

import hashlib
import os
import time

import ledger

time.sleep(2)


def application(environ, start_response):
    ledger.record(environ["HTTP_X_ID"])
    digest = hashlib.sha256(environ["wsgi.input"].read()).hexdigest()
    answer = f"{environ['HTTP_X_ID']} {digest}".encode()
    start_response("200 OK", [("Content-Length", str(len(answer))), ("X-Pid", str(os.getpid()))])
    return [answer]
