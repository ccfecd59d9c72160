"""One pod of a Deployment: answers with the request's body, its own name and the version of its code."""

import os
import time

import ledger

VERSION = "1"


def application(environ, start_response):
    ledger.record(environ["HTTP_X_ID"])
    body = environ["wsgi.input"].read()
    if environ["PATH_INFO"] == "/held":
        while not os.path.exists(os.path.join(os.environ["RELEASED"], environ["HTTP_X_ID"])):
            time.sleep(0.02)
    if environ["PATH_INFO"] == "/slow":
        time.sleep(0.05)
    fields = [("Content-Length", str(len(body))), ("X-Pod", os.environ["POD"]), ("X-Version", VERSION)]
    start_response("200 OK", fields)
    return [body]
