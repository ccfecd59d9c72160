"""Starlette with all its middlewares that look at the server closely, and uvicorn's for proxies."""

from __future__ import annotations

import asyncio

from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import JSONResponse, PlainTextResponse, StreamingResponse
from starlette.routing import Route
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

finished = []


class Outer(BaseHTTPMiddleware):
    async def dispatch(self, request, call_next):
        response = await call_next(request)
        response.headers["X-Outer"] = request.url.path
        return response


class Inner(BaseHTTPMiddleware):
    async def dispatch(self, request, call_next):
        request.state.length = len(await request.body())
        return await call_next(request)


async def where(request):
    return JSONResponse({"client": request.client.host, "scheme": request.url.scheme})


async def body(request):
    return JSONResponse({"before": request.state.length, "after": len(await request.body())})


async def large(request):
    return PlainTextResponse("tunicorn " * 10_000)


async def stream(request):
    async def pieces():
        for number in range(10):
            yield f"piece {number}\n"
            await asyncio.sleep(0.01)

    return StreamingResponse(pieces(), media_type="text/plain")


async def endless(request):
    async def pieces():
        try:
            while True:
                yield "more\n"
                await asyncio.sleep(0.01)
        finally:
            finished.append("endless")

    return StreamingResponse(pieces(), media_type="text/plain")


async def background(request):
    return PlainTextResponse("begun", background=BackgroundTask(finished.append, "background"))


async def done(request):
    return JSONResponse(finished)


app = Starlette(
    routes=[
        *(Route(f"/{view.__name__}", view) for view in (where, large, stream, endless, background, done)),
        Route("/body", body, methods=["POST"]),
    ],
    middleware=[
        Middleware(ProxyHeadersMiddleware, trusted_hosts="127.0.0.1"),
        Middleware(TrustedHostMiddleware, allowed_hosts=["test.example"]),
        Middleware(CORSMiddleware, allow_origins=["https://shop.example"], allow_methods=["PUT"]),
        Middleware(Outer),
        Middleware(Inner),
        Middleware(GZipMiddleware, minimum_size=1000),
    ],
)
