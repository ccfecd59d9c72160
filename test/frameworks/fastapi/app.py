"""The routes of the framework grid in FastAPI, with its own ways: models, dependencies, UploadFile, a synchronous view."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Cookie, Depends, FastAPI, Form, Request, UploadFile, WebSocket, WebSocketDisconnect
from fastapi.responses import FileResponse, JSONResponse, PlainTextResponse, RedirectResponse, StreamingResponse
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel
from sse_starlette import EventSourceResponse
from starlette.middleware.sessions import SessionMiddleware

from shared_values import PAUSE_SECONDS, PIECES, STATIC, digest, download_path


class Numbers(BaseModel):
    numbers: list[int]


@asynccontextmanager
async def lifespan(app):
    app.state.greeting = "hello"
    yield


app = FastAPI(lifespan=lifespan)
app.add_middleware(SessionMiddleware, secret_key="of the grid")
app.mount("/static", StaticFiles(directory=STATIC))


def greeting(request: Request) -> str:
    return request.app.state.greeting


@app.get("/", response_class=PlainTextResponse)
def page(text: Annotated[str, Depends(greeting)]):
    return text


@app.get("/query")
async def query(a: int, b: str):
    return {"a": str(a), "b": b}


@app.get("/items/{item}")
async def routing(item: int):
    return {"item": item}


@app.post("/json")
async def json(body: Numbers):
    return {"doubled": [2 * number for number in body.numbers]}


@app.post("/form")
async def form(name: Annotated[str, Form()]):
    return {"name": name}


@app.post("/upload")
async def upload(upload: UploadFile, name: Annotated[str, Form()]):
    content = await upload.read()
    return {"name": name, "size": len(content), "sha256": digest(content)}


@app.get("/download")
async def download():
    return FileResponse(download_path(), filename="a.bin")


@app.get("/stream")
async def stream():
    def pieces():
        for number in range(PIECES):
            yield f"piece {number}\n"
            time.sleep(PAUSE_SECONDS)

    return StreamingResponse(pieces(), media_type="text/plain")


@app.get("/sse")
async def sse():
    async def events():
        for number in range(5):
            yield {"data": str(number)}
            await asyncio.sleep(PAUSE_SECONDS)

    return EventSourceResponse(events(), sep="\n")


@app.get("/cookie")
async def cookie(flavour: Annotated[str | None, Cookie()] = None, size: Annotated[str | None, Cookie()] = None):
    response = JSONResponse({"flavour": flavour, "size": size})
    response.set_cookie("flavour", "oat", httponly=True)
    response.set_cookie("size", "big")
    return response


@app.get("/redirect")
async def redirect():
    return RedirectResponse("/")


@app.get("/error")
async def error():
    raise RuntimeError("an error of the application")


@app.get("/session")
async def session(request: Request):
    request.session["visits"] = request.session.get("visits", 0) + 1
    return {"visits": request.session["visits"]}


@app.websocket("/ws")
async def ws(socket: WebSocket):
    await socket.accept("chat.v2" if "chat.v2" in socket.scope["subprotocols"] else None)
    try:
        while (text := await socket.receive_text()) != "close":
            await socket.send_text(text)
            await socket.send_bytes(await socket.receive_bytes())
        await socket.close(4001, "over")
    except WebSocketDisconnect:
        pass
