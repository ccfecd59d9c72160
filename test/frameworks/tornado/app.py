"""The routes of the framework grid in Tornado."""

from __future__ import annotations

import asyncio
from json import loads

from tornado.web import Application, RequestHandler, StaticFileHandler
from tornado.websocket import WebSocketHandler

from shared_values import PAUSE_SECONDS, PIECES, STATIC, digest, download_path, event


class Page(RequestHandler):
    def get(self):
        self.write("hello")


class Query(RequestHandler):
    def get(self):
        self.write({name: self.get_query_argument(name) for name in self.request.query_arguments})


class Routing(RequestHandler):
    def get(self, item):
        self.write({"item": int(item)})


class Json(RequestHandler):
    def post(self):
        self.write({"doubled": [2 * number for number in loads(self.request.body)["numbers"]]})


class Form(RequestHandler):
    def post(self):
        self.write({"name": self.get_body_argument("name")})


class Upload(RequestHandler):
    def post(self):
        content = self.request.files["upload"][0].body
        self.write({"name": self.get_body_argument("name"), "size": len(content), "sha256": digest(content)})


class Download(RequestHandler):
    async def get(self):
        with open(download_path(), "rb") as file:
            while block := file.read(65536):
                self.write(block)
                await self.flush()


class Stream(RequestHandler):
    async def get(self):
        self.set_header("Content-Type", "text/plain")
        for number in range(PIECES):
            self.write(f"piece {number}\n")
            await self.flush()
            await asyncio.sleep(PAUSE_SECONDS)


class Sse(RequestHandler):
    async def get(self):
        self.set_header("Content-Type", "text/event-stream")
        for number in range(5):
            self.write(event(number))
            await self.flush()
            await asyncio.sleep(PAUSE_SECONDS)


class Cookie(RequestHandler):
    def get(self):
        self.set_cookie("flavour", "oat", httponly=True)
        self.set_cookie("size", "big")
        self.write({name: morsel.value for name, morsel in self.request.cookies.items()})


class Redirect(RequestHandler):
    def get(self):
        self.redirect("/")


class Error(RequestHandler):
    def get(self):
        raise RuntimeError("an error of the application")


class Echo(WebSocketHandler):
    def select_subprotocol(self, subprotocols):
        return "chat.v2" if "chat.v2" in subprotocols else None

    async def on_message(self, message):
        if message == "close":
            self.close(4001, "over")
        else:
            await self.write_message(message, binary=isinstance(message, bytes))


app = Application(
    [
        ("/", Page),
        (r"/items/(\d+)", Routing),
        ("/ws", Echo),
        (r"/static/(.*)", StaticFileHandler, {"path": str(STATIC)}),
        *((f"/{view.__name__.lower()}", view) for view in (Query, Json, Form, Upload, Download, Stream, Sse)),
        *((f"/{view.__name__.lower()}", view) for view in (Cookie, Redirect, Error)),
    ]
)
