"""Continues until its client has left, and reports to the test."""

import threading

import rendezvous


def application(environ, start_response):
    path = environ["PATH_INFO"]
    client_disconnected = environ["tunicorn.client_disconnected"]
    if path == "/poll":
        poll(client_disconnected)
    elif path == "/thread":
        thread = threading.Thread(target=poll, args=(client_disconnected,))
        thread.start()
        thread.join()
    elif path == "/stream":
        return stream(client_disconnected, start_response)
    elif path == "/polled-stream":
        return polled_stream(client_disconnected, start_response)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"gone" if client_disconnected() else b"here"]


def poll(client_disconnected):
    pause = threading.Event()
    # A client that half-closes right after its request may be waiting for the response: the gateway considers it gone
    # only if it half-closes more than 50 ms later.
    pause.wait(0.2)
    rendezvous.note("polling")
    while not client_disconnected():
        pause.wait(0.01)
    rendezvous.note("saw it leave")


def stream(client_disconnected, start_response):
    """Never checks: the server stops iterating."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    try:
        while True:
            yield b"piece"
    finally:
        if client_disconnected():
            rendezvous.note("closed")


def polled_stream(client_disconnected, start_response):
    """Has nothing to send for a long time, so only checking reveals it."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    try:
        yield b"piece"
        poll(client_disconnected)
    finally:
        rendezvous.note("closed")
