"""The routes of the framework grid in Starlette."""

from __future__ import annotations

import asyncio

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, RedirectResponse, StreamingResponse
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles

from shared_values import PAUSE_SECONDS, PIECES, STATIC, digest, download_path, event


async def page(request):
    return PlainTextResponse("hello")


async def query(request):
    return JSONResponse(dict(request.query_params))


async def routing(request):
    return JSONResponse({"item": request.path_params["item"]})


async def json(request):
    return JSONResponse({"doubled": [2 * number for number in (await request.json())["numbers"]]})


async def form(request):
    return JSONResponse({"name": (await request.form())["name"]})


async def upload(request):
    async with request.form() as fields:
        content = await fields["upload"].read()
        return JSONResponse({"name": fields["name"], "size": len(content), "sha256": digest(content)})


async def download(request):
    return FileResponse(download_path(), filename="a.bin")


async def slowly(pieces):
    for piece in pieces:
        yield piece
        await asyncio.sleep(PAUSE_SECONDS)


async def stream(request):
    return StreamingResponse(slowly(f"piece {number}\n" for number in range(PIECES)), media_type="text/plain")


async def sse(request):
    return StreamingResponse(slowly(event(number) for number in range(5)), media_type="text/event-stream")


async def cookie(request):
    response = JSONResponse(request.cookies)
    response.set_cookie("flavour", "oat", httponly=True)
    response.set_cookie("size", "big")
    return response


async def redirect(request):
    return RedirectResponse("/")


async def error(request):
    raise RuntimeError("an error of the application")


async def session(request):
    request.session["visits"] = request.session.get("visits", 0) + 1
    return JSONResponse({"visits": request.session["visits"]})


async def ws(socket):
    await socket.accept("chat.v2" if "chat.v2" in socket.scope["subprotocols"] else None)
    while (message := await socket.receive())["type"] == "websocket.receive":
        if message.get("text") == "close":
            await socket.close(4001, "over")
            return
        await socket.send({**message, "type": "websocket.send"})


app = Starlette(
    routes=[
        Route("/", page),
        Route("/items/{item:int}", routing),
        *(Route(f"/{view.__name__}", view) for view in (query, download, stream, sse, cookie, redirect, error, session)),
        *(Route(f"/{view.__name__}", view, methods=["POST"]) for view in (json, form, upload)),
        WebSocketRoute("/ws", ws),
        Mount("/static", StaticFiles(directory=STATIC)),
    ],
    middleware=[Middleware(SessionMiddleware, secret_key="of the grid")],
)
