"""Every request waits for 20 ms, as for a database, without using processor time."""

from __future__ import annotations

import time

BODY = b"waited\n"


def application(environ, start_response):
    time.sleep(0.02)
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(BODY)))])
    return [BODY]
