"""The routes of the framework grid in Django, as views for WSGI and for ASGI."""

from __future__ import annotations

import asyncio
import time
from json import loads

from django.contrib import admin
from django.core.handlers.asgi import ASGIRequest
from django.http import FileResponse, HttpResponse, HttpResponseRedirect, JsonResponse, StreamingHttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from shared_values import PAUSE_SECONDS, PIECES, digest, download_path, event


async def page(request):
    return HttpResponse("hello", content_type="text/plain")


def query(request):
    return JsonResponse(request.GET.dict())


def routing(request, item):
    return JsonResponse({"item": item})


@csrf_exempt
def json(request):
    return JsonResponse({"doubled": [2 * number for number in loads(request.body)["numbers"]]})


@csrf_exempt
def form(request):
    return JsonResponse({"name": request.POST["name"]})


@csrf_exempt
def upload(request):
    content = request.FILES["upload"].read()
    return JsonResponse({"name": request.POST["name"], "size": len(content), "sha256": digest(content)})


def download(request):
    return FileResponse(open(download_path(), "rb"), as_attachment=True, filename="a.bin")


def slowly(request, pieces, content_type):
    async def asynchronously():
        for piece in pieces:
            yield piece
            await asyncio.sleep(PAUSE_SECONDS)

    def synchronously():
        for piece in pieces:
            yield piece
            time.sleep(PAUSE_SECONDS)

    is_async = isinstance(request, ASGIRequest)
    return StreamingHttpResponse(asynchronously() if is_async else synchronously(), content_type=content_type)


def stream(request):
    return slowly(request, (f"piece {number}\n" for number in range(PIECES)), "text/plain")


def sse(request):
    return slowly(request, (event(number) for number in range(5)), "text/event-stream")


def cookie(request):
    response = JsonResponse(request.COOKIES)
    response.set_cookie("flavour", "oat", httponly=True)
    response.set_cookie("size", "big")
    return response


def redirect(request):
    return HttpResponseRedirect("/")


def error(request):
    raise RuntimeError("an error of the application")


def session(request):
    request.session["visits"] = request.session.get("visits", 0) + 1
    return JsonResponse({"visits": request.session["visits"]})


urlpatterns = [
    path("", page),
    path("items/<int:item>", routing),
    path("admin/", admin.site.urls),
    *(
        path(view.__name__, view)
        for view in (query, json, form, upload, download, stream, sse, cookie, redirect, error, session)
    ),
]
