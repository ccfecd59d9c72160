"""Answers with the request's body, and records that it ran; /held waits for the test before it answers."""

import ledger
import rendezvous


def application(environ, start_response):
    ledger.record(environ["HTTP_X_ID"])
    body = environ["wsgi.input"].read()
    if environ["PATH_INFO"] == "/held":
        rendezvous.wait("held")
    fields = [("Content-Length", str(len(body))), ("X-Id", environ["HTTP_X_ID"])]
    start_response("200 OK", [*fields, ("X-Peer", environ.get("REMOTE_PORT", ""))])
    return [body]
