"""The reactions of frameworks when a client leaves: they raise out of a response, a request's body or a WebSocket; a
plain long poll returns.
"""

import asyncio
import sys

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route, WebSocketRoute


def say(text):
    print(text, file=sys.stderr, flush=True)


class Passing(BaseHTTPMiddleware):
    async def dispatch(self, request, call_next):
        return await call_next(request)


async def stream(request):
    async def pieces():
        while True:
            yield b"piece\n"
            await asyncio.sleep(0.01)

    return StreamingResponse(pieces())


async def upload(request):
    say("upload begins")
    return PlainTextResponse(str(len(await request.body())))


async def socket(connection):
    await connection.accept()
    await connection.send_text("accepted")
    while True:
        await connection.receive_text()


ROUTES = [Route("/stream", stream), Route("/upload", upload, methods=["POST"]), WebSocketRoute("/socket", socket)]
inner = Starlette(routes=ROUTES)
wrapped = Starlette(routes=ROUTES, middleware=[Middleware(Passing)])


async def app(scope, receive, send):
    if scope["type"] == "http" and scope["path"] == "/poll":
        await receive()
        say("poll begins")
        assert (await receive())["type"] == "http.disconnect"
        return
    if scope["type"] == "http" and scope["path"] == "/broken":
        await receive()
        say("broken begins")
        await receive()
        raise KeyError("a fault of the application's own")
    if scope["type"] != "lifespan" and scope["path"].startswith("/wrapped"):
        await wrapped({**scope, "path": scope["path"][len("/wrapped") :]}, receive, send)
        return
    await inner(scope, receive, send)
