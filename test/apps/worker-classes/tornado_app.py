"""A Tornado application with every kind of handler that its worker class must support."""

import asyncio
import hashlib
import os

import rendezvous
from tornado.iostream import StreamClosedError
from tornado.web import Application, HTTPError, RequestHandler, stream_request_body
from tornado.websocket import WebSocketHandler


async def meet(name):
    await asyncio.get_running_loop().run_in_executor(None, rendezvous.wait, name)


class Index(RequestHandler):
    def get(self):
        self.set_header("X-Pid", str(os.getpid()))
        self.write({"uri": self.request.uri, "ip": self.request.remote_ip, "names": self.get_arguments("name")})

    def post(self):
        self.write(hashlib.sha256(self.request.body).hexdigest())


class Hold(RequestHandler):
    async def get(self):
        await meet("held")
        self.write("held")


class Doze(RequestHandler):
    async def get(self):
        rendezvous.note("dozing")
        await self.doze()

    async def doze(self):
        await asyncio.sleep(3600)


class Stream(RequestHandler):
    async def get(self):
        self.write("first,")
        await self.flush()
        await meet("held")
        self.write(" last")


class Forever(RequestHandler):
    async def get(self):
        rendezvous.note("begun")
        try:
            while True:
                self.write("x" * 1000)
                await self.flush()
                await asyncio.sleep(0.02)
        except StreamClosedError:
            pass

    def on_connection_close(self):
        rendezvous.note("left")


@stream_request_body
class Upload(RequestHandler):
    def prepare(self):
        # As for uploads with Tornado's own server.
        self.request.connection.set_max_body_size(10**9)
        self.request.connection.set_body_timeout(3600)
        self.hash = hashlib.sha256()
        self.pieces = 0

    async def data_received(self, chunk):
        self.hash.update(chunk)
        self.pieces += 1
        await asyncio.sleep(0)

    def post(self):
        self.write(f"{self.pieces > 1} {self.hash.hexdigest()}")


class Fails(RequestHandler):
    def get(self):
        if self.get_argument("how") == "http":
            raise HTTPError(418)
        raise RuntimeError("on purpose")


class Echo(WebSocketHandler):
    def on_message(self, message):
        if message == "close, please":
            self.close(4001, "as you like")
        else:
            self.write_message(message, binary=isinstance(message, bytes))


application = Application(
    [
        ("/", Index),
        ("/hold", Hold),
        ("/doze", Doze),
        ("/stream", Stream),
        ("/forever", Forever),
        ("/upload", Upload),
        ("/fails", Fails),
        ("/echo", Echo),
    ]
)
