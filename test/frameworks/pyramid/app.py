"""The routes of the framework grid in Pyramid."""

from __future__ import annotations

import time

from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPFound, HTTPInternalServerError
from pyramid.response import FileResponse, Response
from pyramid.session import SignedCookieSessionFactory
from whitenoise import WhiteNoise

from shared_values import PAUSE_SECONDS, PIECES, STATIC, digest, download_path, event


def page(request):
    return Response("hello")


def query(request):
    return dict(request.params)


def routing(request):
    return {"item": int(request.matchdict["item"])}


def json(request):
    return {"doubled": [2 * number for number in request.json_body["numbers"]]}


def form(request):
    return {"name": request.POST["name"]}


def upload(request):
    content = request.POST["upload"].file.read()
    return {"name": request.POST["name"], "size": len(content), "sha256": digest(content)}


def download(request):
    return FileResponse(download_path(), request=request, content_type="application/octet-stream")


def slowly(pieces):
    for piece in pieces:
        yield piece.encode()
        time.sleep(PAUSE_SECONDS)


def stream(request):
    return Response(content_type="text/plain", app_iter=slowly(f"piece {number}\n" for number in range(PIECES)))


def sse(request):
    return Response(content_type="text/event-stream", app_iter=slowly(event(number) for number in range(5)))


def cookie(request):
    response = Response(json_body=dict(request.cookies))
    response.set_cookie("flavour", "oat", httponly=True)
    response.set_cookie("size", "big")
    return response


def redirect(request):
    return HTTPFound("/")


def error(request):
    raise RuntimeError("an error of the application")


def failed(error, request):
    request.environ["wsgi.errors"].write(f"{error}\n")
    return HTTPInternalServerError()


def session(request):
    request.session["visits"] = request.session.get("visits", 0) + 1
    return {"visits": request.session["visits"]}


with Configurator(session_factory=SignedCookieSessionFactory("of the grid")) as config:
    config.add_route("page", "/")
    config.add_view(page, route_name="page")
    config.add_route("routing", "/items/{item:\\d+}")
    config.add_view(routing, route_name="routing", renderer="json")
    for view in (query, json, form, upload, download, stream, sse, cookie, redirect, error, session):
        config.add_route(view.__name__, f"/{view.__name__}")
        config.add_view(view, route_name=view.__name__, renderer="json")
    config.add_exception_view(failed, context=RuntimeError)
    app = WhiteNoise(config.make_wsgi_app(), root=STATIC, prefix="static")
