"""Records each request that it sees, and answers with the record: both have the same number, which no other request has."""

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
