"""Sends early hints, depending on the path; /two waits for the test between them and the response."""

import os
import signal

import rendezvous

LINK = ("Link", "</style.css>; rel=preload; as=style")


def application(environ, start_response):
    hint = environ["wsgi.early_hints"]
    path = environ["PATH_INFO"]
    if path == "/late":
        return late(hint, start_response)
    if path == "/two":
        hint([LINK, ("X-Number", "1")])
        hint([(b"Link", b"</app.js>; rel=preload; as=script"), ("Content-Length", "5")])
        rendezvous.wait("after the hints")
    elif path == "/injection":
        hint([LINK, ("X-Bad", "a\r\nX-Injected: yes")])
    elif path == "/dies":
        hint([LINK])
        os.kill(os.getpid(), signal.SIGKILL)
    elif path == "/many":
        for number in range(3000):
            hint([LINK, ("X-Number", str(number))])
    elif path == "/one":
        hint([LINK])
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "4")])
    return [b"body"]


def late(hint, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    yield b"first, "
    hint([LINK])
    yield b"second"
