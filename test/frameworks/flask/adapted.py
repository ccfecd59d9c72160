"""The Flask application as an ASGI application, by asgiref."""

from __future__ import annotations

from asgiref.wsgi import WsgiToAsgi

from app import app as flask_app

app = WsgiToAsgi(flask_app)
