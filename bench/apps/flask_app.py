"""One JSON route in Flask: a request that costs about what a small real one does."""

from __future__ import annotations

from flask import Flask

application = Flask(__name__)


@application.get("/")
def greet():
    return {"message": "Hello, world!"}
