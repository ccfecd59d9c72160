"""One JSON route in FastAPI: a request that costs about what a small real one does."""

from __future__ import annotations

from fastapi import FastAPI

application = FastAPI()


@application.get("/")
async def greet() -> dict[str, str]:
    return {"message": "Hello, world!"}
