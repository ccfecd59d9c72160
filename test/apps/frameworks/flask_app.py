"""A Flask application: a page, a form, JSON, a session, a stream, an error."""

from flask import Flask, Response, jsonify, request, session

app = Flask(__name__)
app.secret_key = "only for tests"


@app.get("/")
def index():
    return "Hello from Flask"


@app.post("/form")
def form():
    return f"name={request.form['name']} file={len(request.files['upload'].read())}"


@app.post("/json")
def double():
    return jsonify(doubled=[2 * number for number in request.get_json()["numbers"]])


@app.get("/visits")
def visits():
    session["visits"] = session.get("visits", 0) + 1
    return str(session["visits"])


@app.get("/stream")
def stream():
    return Response((f"line {number}\n" for number in range(1000)), mimetype="text/plain")


@app.get("/where")
def where():
    return jsonify(url=request.url, remote=request.remote_addr)


@app.get("/error")
def error():
    raise RuntimeError("an error in a Flask view")
