"""One JSON route in FastAPI: costs about as much as a small real request."""

from __future__ import annotations

from fastapi import FastAPI

application = FastAPI()


@application.get("/")
async def greet() -> dict[str, str]:
    return {"message": "Hello, world!"}
