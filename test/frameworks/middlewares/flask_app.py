"""Flask behind a proxy, with Werkzeug's ProxyFix."""

from __future__ import annotations

from flask import Flask, jsonify, redirect, request, url_for
from werkzeug.middleware.proxy_fix import ProxyFix

app = Flask(__name__)
app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1, x_prefix=1)


@app.get("/where")
def where():
    return jsonify(client=request.remote_addr, url=request.url, out=url_for("moved", _external=True))


@app.get("/moved")
def moved():
    return redirect(url_for("where", _external=True))
