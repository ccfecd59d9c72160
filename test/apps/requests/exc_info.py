"""Replaces its response: start_response with exc_info before and after the head is sent."""

import sys


def application(environ, start_response):
    write = start_response("200 OK", [("Content-Type", "text/plain"), ("X-First", "yes")])
    if environ["PATH_INFO"] == "/after":
        write(b"the head is out")
    try:
        raise KeyError("changed my mind")
    except KeyError:
        start_response("503 Service Unavailable", [("Content-Type", "text/plain"), ("X-Second", "yes")], sys.exc_info())
    return [b"the second answer"]
