"""Every request takes 0.3 s and no processor time: it shows how evenly a server spreads requests over its workers."""

from __future__ import annotations

import time

BODY = b"waited\n"


def application(environ, start_response):
    time.sleep(0.3)
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(BODY)))])
    return [BODY]
