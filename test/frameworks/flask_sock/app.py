"""WebSockets in Flask with Flask-Sock, which takes the client's socket itself."""

from __future__ import annotations

from flask import Flask
from flask_sock import Sock

app = Flask(__name__)
app.config["SOCK_SERVER_OPTIONS"] = {"subprotocols": ["chat.v2"]}
sock = Sock(app)


@app.get("/")
def page():
    return "hello"


@app.get("/error")
def error():
    raise RuntimeError("an error of the application")


@sock.route("/ws")
def echo(ws):
    while True:
        message = ws.receive()
        if message == "close":
            ws.close(4001, "over")
            return
        ws.send(message)
