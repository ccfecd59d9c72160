"""The routes of the framework grid in Litestar."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Annotated

from litestar import Litestar, MediaType, Request, WebSocket, get, post, websocket
from litestar.datastructures import Cookie, UploadFile
from litestar.enums import RequestEncodingType
from litestar.middleware.session.server_side import ServerSideSessionConfig
from litestar.params import Body
from litestar.response import File, Redirect, Response, ServerSentEvent, Stream
from litestar.static_files import create_static_files_router

from shared_values import PAUSE_SECONDS, PIECES, STATIC, digest, download_path


@dataclass
class Numbers:
    numbers: list[int]


@dataclass
class Name:
    name: str


@dataclass
class Upload:
    name: str
    upload: UploadFile


@get("/", media_type=MediaType.TEXT)
async def page() -> str:
    return "hello"


@get("/query")
async def query(a: str, b: str) -> dict[str, str]:
    return {"a": a, "b": b}


@get("/items/{item:int}")
async def routing(item: int) -> dict[str, int]:
    return {"item": item}


@post("/json", status_code=200)
async def json(data: Numbers) -> dict[str, list[int]]:
    return {"doubled": [2 * number for number in data.numbers]}


@post("/form", status_code=200)
async def form(data: Annotated[Name, Body(media_type=RequestEncodingType.URL_ENCODED)]) -> Name:
    return data


@post("/upload", status_code=200)
async def upload(data: Annotated[Upload, Body(media_type=RequestEncodingType.MULTI_PART)]) -> dict[str, str | int]:
    content = await data.upload.read()
    return {"name": data.name, "size": len(content), "sha256": digest(content)}


@get("/download")
async def download() -> File:
    return File(download_path(), filename="a.bin")


async def slowly(pieces):
    for piece in pieces:
        yield piece
        await asyncio.sleep(PAUSE_SECONDS)


@get("/stream", media_type=MediaType.TEXT)
async def stream() -> Stream:
    return Stream(slowly(f"piece {number}\n" for number in range(PIECES)))


@get("/sse")
async def sse() -> ServerSentEvent:
    return ServerSentEvent(slowly(str(number) for number in range(5)))


@get("/cookie")
async def cookie(request: Request) -> Response[dict[str, str]]:
    cookies = [Cookie("flavour", value="oat", httponly=True), Cookie("size", value="big")]
    return Response(dict(request.cookies), cookies=cookies)


@get("/redirect", status_code=302)
async def redirect() -> Redirect:
    return Redirect("/")


@get("/error")
async def error() -> None:
    raise RuntimeError("an error of the application")


@get("/session")
async def session(request: Request) -> dict[str, int]:
    request.session["visits"] = request.session.get("visits", 0) + 1
    return {"visits": request.session["visits"]}


@websocket("/ws")
async def ws(socket: WebSocket) -> None:
    await socket.accept(subprotocols="chat.v2" if "chat.v2" in socket.scope["subprotocols"] else None)
    while (message := await socket.receive())["type"] == "websocket.receive":
        if message.get("text") == "close":
            await socket.close(4001, "over")
            return
        await socket.send({**message, "type": "websocket.send"})


app = Litestar(
    [page, query, routing, json, form, upload, download, stream, sse, cookie, redirect, error, session, ws,
     create_static_files_router("/static", directories=[STATIC])],
    middleware=[ServerSideSessionConfig().middleware],
)
