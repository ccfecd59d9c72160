"""A minimal application, whose response names the process."""

import os


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "6"), ("X-Pid", str(os.getpid()))])
    return [b"hello\n"]
