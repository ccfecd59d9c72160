"""Answers with the request as JSON: the body's length and SHA-256, and the environ."""

import hashlib
import json


def application(environ, start_response):
    body = environ["wsgi.input"].read()
    seen = {key: shown(value) for key, value in environ.items()}
    answer = {"length": len(body), "sha256": hashlib.sha256(body).hexdigest(), "environ": seen}
    payload = json.dumps(answer).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(payload)))])
    return [payload]


def shown(value):
    return value if isinstance(value, (str, bool, int, tuple)) else f"<{type(value).__name__}>"
