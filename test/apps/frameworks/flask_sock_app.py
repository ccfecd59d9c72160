"""A Flask application with WebSockets by Flask-Sock, which works the same under every worker class."""

import os
import threading

import rendezvous
from flask import Flask
from flask_sock import Sock

application = Flask(__name__)
sock = Sock(application)


@application.get("/")
def index():
    return str(os.getpid())


@sock.route("/echo")
def echo(ws):
    while True:
        ws.send(ws.receive())


@sock.route("/hello")
def hello(ws):
    ws.send(f"{os.getpid()} {threading.active_count() > 0}")


@sock.route("/fails")
def fails(ws):
    ws.send("before")
    raise RuntimeError("after the takeover")


@sock.route("/patient")
def patient(ws):
    ws.send("hello")
    rendezvous.wait("held")
    ws.send("goodbye")
