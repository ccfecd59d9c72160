"""Logs in every way that an application can; the path says in which."""

import logging
import os
import signal
import sys

logger = logging.getLogger("application")
# As the documentation of Flask and Django recommends: the application logs to Gunicorn's log.
logger.handlers = logging.getLogger("gunicorn.error").handlers
logger.setLevel(logging.INFO)
logger.propagate = False


def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/print":
        print("printed to stdout")
        print("printed to stderr", file=sys.stderr)
    elif path == "/logger":
        logger.warning("from the application's logger")
    elif path == "/errors":
        print("to wsgi.errors", file=environ["wsgi.errors"])
    elif path == "/raise":
        raise ValueError("the application is wrong")
    elif path == "/die":
        os.kill(os.getpid(), signal.SIGKILL)
    start_response("200 OK", [("Content-Type", "text/plain"), ("X-Own", "mine")])
    return [b"hello"]
