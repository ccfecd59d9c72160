"""The routes of the framework grid in Bottle."""

from __future__ import annotations

import time

from bottle import Bottle, redirect, request, response, static_file
from whitenoise import WhiteNoise

from shared_values import PAUSE_SECONDS, PIECES, STATIC, digest, download_path, event

site = Bottle()
app = WhiteNoise(site, root=STATIC, prefix="static")


@site.get("/")
def page():
    return "hello"


@site.get("/query")
def query():
    return dict(request.query.decode())


@site.get("/items/<item:int>")
def routing(item):
    return {"item": item}


@site.post("/json")
def json():
    return {"doubled": [2 * number for number in request.json["numbers"]]}


@site.post("/form")
def form():
    return {"name": request.forms.getunicode("name")}


@site.post("/upload")
def upload():
    content = request.files["upload"].file.read()
    return {"name": request.forms["name"], "size": len(content), "sha256": digest(content)}


@site.get("/download")
def download():
    folder, _, name = download_path().rpartition("/")
    return static_file(name, root=folder, download="a.bin")


@site.get("/stream")
def stream():
    response.content_type = "text/plain"
    for number in range(PIECES):
        yield f"piece {number}\n"
        time.sleep(PAUSE_SECONDS)


@site.get("/sse")
def sse():
    response.content_type = "text/event-stream"
    for number in range(5):
        yield event(number)
        time.sleep(PAUSE_SECONDS)


@site.get("/cookie")
def cookie():
    response.set_cookie("flavour", "oat", httponly=True)
    response.set_cookie("size", "big")
    return dict(request.cookies)


@site.get("/redirect")
def moved():
    redirect("/")


@site.get("/error")
def error():
    raise RuntimeError("an error of the application")
