"""The routes of the framework grid in Falcon, as a WSGI application."""

from __future__ import annotations

import time

import falcon
from whitenoise import WhiteNoise

from shared_values import PAUSE_SECONDS, PIECES, STATIC, digest, download_path, event


class Grid:
    def on_get_page(self, req, resp):
        resp.text = "hello"

    def on_get_query(self, req, resp):
        resp.media = req.params

    def on_get_routing(self, req, resp, item):
        resp.media = {"item": item}

    def on_post_json(self, req, resp):
        resp.media = {"doubled": [2 * number for number in req.get_media()["numbers"]]}

    def on_post_form(self, req, resp):
        resp.media = {"name": req.get_media()["name"]}

    def on_post_upload(self, req, resp):
        parts = {part.name: part.stream.read() for part in req.get_media()}
        content = parts["upload"]
        resp.media = {"name": parts["name"].decode(), "size": len(content), "sha256": digest(content)}

    def on_get_download(self, req, resp):
        resp.content_type = "application/octet-stream"
        resp.set_stream(open(download_path(), "rb"), 1024 * 1024)

    def on_get_stream(self, req, resp):
        resp.content_type = falcon.MEDIA_TEXT
        resp.stream = self._slowly(f"piece {number}\n" for number in range(PIECES))

    def on_get_sse(self, req, resp):
        resp.content_type = "text/event-stream"
        resp.stream = self._slowly(event(number) for number in range(5))

    def on_get_cookie(self, req, resp):
        resp.media = req.cookies
        resp.set_cookie("flavour", "oat", secure=False)
        resp.set_cookie("size", "big", secure=False)

    def on_get_redirect(self, req, resp):
        raise falcon.HTTPFound("/")

    def on_get_error(self, req, resp):
        raise RuntimeError("an error of the application")

    def _slowly(self, pieces):
        for piece in pieces:
            yield piece.encode()
            time.sleep(PAUSE_SECONDS)


site = falcon.App()
grid = Grid()
site.add_route("/", grid, suffix="page")
site.add_route("/items/{item:int}", grid, suffix="routing")
for name in ("query", "json", "form", "upload", "download", "stream", "sse", "cookie", "redirect", "error"):
    site.add_route(f"/{name}", grid, suffix=name)
app = WhiteNoise(site, root=STATIC, prefix="static")
