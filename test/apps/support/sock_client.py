"""Plays one part against flask_sock_app: `sock_client.py PORT PART`. Prints a line for each event."""

import sys

from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

port, part = sys.argv[1:]


def opened(path):
    return connect(f"ws://127.0.0.1:{port}{path}", open_timeout=20, close_timeout=20)


def say(text):
    print(text, flush=True)


if part == "echo":
    with opened("/echo") as ws:
        for message in ("one", b"two", "x" * 300_000):
            ws.send(message)
            assert ws.recv(20) == message
        say("echoed")
elif part == "stays":
    # Until the server closes.
    with opened("/echo") as ws:
        ws.send("one")
        say(ws.recv(20))
        try:
            say(ws.recv(30))
        except ConnectionClosed as error:
            say(f"closed {error.rcvd.code if error.rcvd else 'without a frame'}")
elif part == "ordinary":
    # A path of the application without a WebSocket.
    try:
        with opened("/"):
            pass
    except InvalidStatus as error:
        say(f"{error.response.status_code} {len(error.response.body)}")
else:
    with opened(f"/{part}") as ws:
        try:
            while True:
                say(ws.recv(30))
        except ConnectionClosed as error:
            say(f"closed {error.rcvd.code if error.rcvd else 'without a frame'}")
