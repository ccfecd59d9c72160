"""Django with ConditionalGetMiddleware and GZipMiddleware, for WSGI and for ASGI, and synchronous views under asyncio."""

from __future__ import annotations

import asyncio
import contextvars
import threading
import time

from asgiref.sync import async_to_sync, sync_to_async
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse, JsonResponse, StreamingHttpResponse
from django.urls import path

settings.configure(
    SECRET_KEY="of the grid",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    MIDDLEWARE=["django.middleware.gzip.GZipMiddleware", "django.middleware.http.ConditionalGetMiddleware"],
)
number_here = contextvars.ContextVar("number_here")


def large(request):
    return HttpResponse("tunicorn " * 10_000, content_type="text/plain")


def stream(request):
    return StreamingHttpResponse(("tunicorn " * 1_000 for _ in range(10)), content_type="text/plain")


def blocking(number):
    time.sleep(0.005)
    return number_here.get() == number, threading.current_thread() is threading.main_thread()


async def mixed(request):
    """Threads and tasks in turn: the context must be this request's in each."""
    number = int(request.GET["number"])
    number_here.set(number)
    in_threads = await asyncio.gather(
        *(sync_to_async(blocking, thread_sensitive=False)(number) for _ in range(4)),
        sync_to_async(blocking)(number),
    )
    back = await sync_to_async(lambda: async_to_sync(asyncio.sleep)(0.001, number_here.get()))()
    return JsonResponse({"number": back, "right": all(right for right, _ in in_threads)})


def synchronous(request):
    time.sleep(0.002)
    return JsonResponse({"number": int(request.GET["number"]), "right": True})


urlpatterns = [path(view.__name__, view) for view in (large, stream, mixed, synchronous)]
wsgi = get_wsgi_application()
asgi = get_asgi_application()
