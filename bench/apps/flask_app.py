"""One JSON route in Flask: costs about as much as a small real request."""

from __future__ import annotations

from flask import Flask

application = Flask(__name__)


@application.get("/")
def greet():
    return {"message": "Hello, world!"}
