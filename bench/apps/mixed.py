"""Most requests wait for 2 ms, as for a quick query; those at /long for 100 ms, as for a report. Neither uses processor time."""

from __future__ import annotations

import time

BODY = b"waited\n"


def application(environ, start_response):
    time.sleep(0.1 if environ["PATH_INFO"] == "/long" else 0.002)
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(BODY)))])
    return [BODY]
