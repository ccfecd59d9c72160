"""The routes of the framework grid in Flask."""

from __future__ import annotations

import time

from flask import Flask, Response, jsonify, redirect, request, send_file, session
from whitenoise import WhiteNoise

from shared_values import PAUSE_SECONDS, PIECES, STATIC, digest, download_path, event

app = Flask(__name__, static_folder=None)
app.secret_key = "of the grid"
app.wsgi_app = WhiteNoise(app.wsgi_app, root=STATIC, prefix="static")


@app.get("/")
def page():
    return "hello"


@app.get("/query")
def query():
    return jsonify(request.args)


@app.get("/items/<int:item>")
def routing(item):
    return jsonify(item=item)


@app.post("/json")
def json():
    return jsonify(doubled=[2 * number for number in request.get_json()["numbers"]])


@app.post("/form")
def form():
    return jsonify(name=request.form["name"])


@app.post("/upload")
def upload():
    content = request.files["upload"].read()
    return jsonify(name=request.form["name"], size=len(content), sha256=digest(content))


@app.get("/download")
def download():
    return send_file(download_path(), as_attachment=True, download_name="a.bin")


@app.get("/stream")
def stream():
    def pieces():
        for number in range(PIECES):
            yield f"piece {number}\n"
            time.sleep(PAUSE_SECONDS)

    return Response(pieces(), mimetype="text/plain")


@app.get("/sse")
def sse():
    def events():
        for number in range(5):
            yield event(number)
            time.sleep(PAUSE_SECONDS)

    return Response(events(), mimetype="text/event-stream")


@app.get("/cookie")
def cookie():
    response = jsonify(request.cookies)
    response.set_cookie("flavour", "oat", httponly=True)
    response.set_cookie("size", "big")
    return response


@app.get("/redirect")
def moved():
    return redirect("/")


@app.get("/error")
def error():
    raise RuntimeError("an error of the application")


@app.get("/session")
def counter():
    session["visits"] = session.get("visits", 0) + 1
    return jsonify(visits=session["visits"])
