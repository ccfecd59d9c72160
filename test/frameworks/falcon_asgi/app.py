"""The routes of the framework grid in Falcon, as an ASGI application."""

from __future__ import annotations

import asyncio

import falcon
import falcon.asgi

from shared_values import PAUSE_SECONDS, PIECES, STATIC, digest, download_path


class Grid:
    async def on_get_page(self, req, resp):
        resp.text = "hello"

    async def on_get_query(self, req, resp):
        resp.media = req.params

    async def on_get_routing(self, req, resp, item):
        resp.media = {"item": item}

    async def on_post_json(self, req, resp):
        resp.media = {"doubled": [2 * number for number in (await req.get_media())["numbers"]]}

    async def on_post_form(self, req, resp):
        resp.media = {"name": (await req.get_media())["name"]}

    async def on_post_upload(self, req, resp):
        parts = {part.name: await part.stream.read() async for part in await req.get_media()}
        content = parts["upload"]
        resp.media = {"name": parts["name"].decode(), "size": len(content), "sha256": digest(content)}

    async def on_get_download(self, req, resp):
        with open(download_path(), "rb") as file:
            resp.data = file.read()

    async def on_get_stream(self, req, resp):
        async def pieces():
            for number in range(PIECES):
                yield f"piece {number}\n".encode()
                await asyncio.sleep(PAUSE_SECONDS)

        resp.content_type = falcon.MEDIA_TEXT
        resp.stream = pieces()

    async def on_get_sse(self, req, resp):
        async def events():
            for number in range(5):
                yield falcon.asgi.SSEvent(data=str(number).encode())
                await asyncio.sleep(PAUSE_SECONDS)

        resp.sse = events()

    async def on_get_cookie(self, req, resp):
        resp.media = req.cookies
        resp.set_cookie("flavour", "oat", secure=False)
        resp.set_cookie("size", "big", secure=False)

    async def on_get_redirect(self, req, resp):
        raise falcon.HTTPFound("/")

    async def on_get_error(self, req, resp):
        raise RuntimeError("an error of the application")

    async def on_websocket(self, req, ws):
        await ws.accept(subprotocol="chat.v2" if "chat.v2" in ws.subprotocols else None)
        try:
            while (text := await ws.receive_text()) != "close":
                await ws.send_text(text)
                await ws.send_data(await ws.receive_data())
            await ws.close(4001, "over")
        except falcon.WebSocketDisconnected:
            pass


app = falcon.asgi.App()
grid = Grid()
app.add_route("/", grid, suffix="page")
app.add_route("/items/{item:int}", grid, suffix="routing")
app.add_route("/ws", grid)
for name in ("query", "json", "form", "upload", "download", "stream", "sse", "cookie", "redirect", "error"):
    app.add_route(f"/{name}", grid, suffix=name)
app.add_static_route("/static", str(STATIC))
