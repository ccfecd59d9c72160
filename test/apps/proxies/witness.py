"""Records each request, and answers with the record: both have the same number, unique to the request."""

import json
import uuid

import ledger


def application(environ, start_response):
    seen = {
        "run": uuid.uuid4().hex,
        "method": environ["REQUEST_METHOD"],
        "target": environ["RAW_URI"],
        "body": environ["wsgi.input"].read().decode("latin-1"),
    }
    line = json.dumps(seen)
    ledger.record(line)
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(line)))])
    return [line.encode()]
