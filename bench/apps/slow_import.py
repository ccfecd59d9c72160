"""An application that takes two seconds to import, like a large one. It answers with the request's body and its digest."""

from __future__ import annotations

import hashlib
import time

time.sleep(2)


def application(environ, start_response):
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    start_response(
        "200 OK",
        [
            ("Content-Type", "application/octet-stream"),
            ("Content-Length", str(len(body))),
            ("X-Body-SHA256", hashlib.sha256(body).hexdigest()),
        ],
    )
    return [body]
