"""Holds requests inside the application until the test releases all of them."""

import os

import rendezvous


def application(environ, start_response):
    rendezvous.wait("inside")
    body = str(os.getpid()).encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
