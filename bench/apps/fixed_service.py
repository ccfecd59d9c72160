"""Every request takes 20 ms and no processor time. It is recorded with its id and its start on the clock that Node.js calls hrtime."""

from __future__ import annotations

import os
import time

BODY = b"served\n"
LEDGER = os.open(os.environ["BENCH_LEDGER"], os.O_WRONLY | os.O_APPEND)


def application(environ, start_response):
    began = time.monotonic_ns()
    time.sleep(0.020)
    # Other processes' writes do not tear one write of a few bytes to a file opened for appending.
    os.write(LEDGER, f"{environ['QUERY_STRING']} {began}\n".encode())
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(BODY)))])
    return [BODY]
