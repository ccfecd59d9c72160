"""Records each request's X-Id when it begins; /hold waits for the test before it answers with the X-Id."""

import ledger
import rendezvous


def application(environ, start_response):
    name = environ.get("HTTP_X_ID", "-")
    ledger.record(name)
    if environ["PATH_INFO"] == "/hold":
        rendezvous.wait("held")
    body = name.encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
