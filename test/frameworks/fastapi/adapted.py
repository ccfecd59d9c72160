"""The FastAPI application as a WSGI application, by a2wsgi, which runs no lifespan."""

from __future__ import annotations

from a2wsgi import ASGIMiddleware

from app import app as fastapi_app

fastapi_app.state.greeting = "hello"
app = ASGIMiddleware(fastapi_app)
