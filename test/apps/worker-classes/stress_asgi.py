"""stress_wsgi.py as an ASGI application, with /ws, an echoing WebSocket; /ws-hold accepts it when the test allows it.

If the file $BROKEN_LIFESPAN exists, its start-up fails. A WebSocket's close code is recorded as "closed=CODE".
"""

import asyncio
import hashlib
import os
import time

import ledger
import rendezvous

time.sleep(float(os.environ.get("IMPORT_SECONDS", "0")))
if os.path.exists(os.environ.get("BROKEN", "")):
    raise RuntimeError("a broken deploy")


async def application(scope, receive, send):
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
    elif scope["type"] == "websocket":
        await echo(scope, receive, send)
    else:
        await respond(scope, receive, send)


async def lifespan(receive, send):
    await receive()
    if os.path.exists(os.environ.get("BROKEN_LIFESPAN", "")):
        await send({"type": "lifespan.startup.failed", "message": "a broken deploy"})
        return
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})


async def respond(scope, receive, send):
    path = scope["path"]
    request_id = dict(scope["headers"]).get(b"x-id", b"-").decode()
    if request_id != "-":
        ledger.record(f"{request_id} {os.getpid()}")
    if path == "/hold":
        await rendezvous.wait_async("held")
    elif path == "/hold-late":
        return await hold_late(send)
    elif path == "/events":
        return await events(scope, send)
    elif path == "/big":
        return await big(send)
    elif path == "/sleep":
        await fall_asleep()
    elif path == "/block":
        block()
    digest = hashlib.sha256()
    more = True
    while more:
        message = await receive()
        digest.update(message.get("body", b""))
        more = message.get("more_body", False)
    await answer(send, f"{request_id} {digest.hexdigest()}")


async def answer(send, text):
    headers = [(b"content-length", str(len(text)).encode()), (b"x-pid", str(os.getpid()).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": text.encode()})


async def hold_late(send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": b"begun", "more_body": True})
    await rendezvous.wait_async("held")
    await send({"type": "http.response.body", "body": b"done"})


async def events(scope, send):
    headers = [(b"content-type", b"text/event-stream"), (b"x-pid", str(os.getpid()).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    _, _, count = scope["query_string"].decode().partition("=")
    number = 0
    while not count or number < int(count):
        await send({"type": "http.response.body", "body": f"data: {number}\n\n".encode(), "more_body": True})
        number += 1
        await asyncio.sleep(0.05)
    await send({"type": "http.response.body", "body": b""})


async def big(send):
    headers = [(b"content-length", str(32 << 20).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    for number in range(512):
        await send({"type": "http.response.body", "body": b"b" * (64 << 10), "more_body": number < 511})


async def fall_asleep():
    await asyncio.to_thread(rendezvous.note, "asleep")
    await asyncio.sleep(3600)


def block():
    rendezvous.note("blocked")
    # A single call into C code that holds the GIL.
    sum(iter(int, 1))


async def echo(scope, receive, send):
    await receive()
    if scope["path"] == "/ws-hold":
        await rendezvous.wait_async("held")
    await send({"type": "websocket.accept", "headers": [(b"x-pid", str(os.getpid()).encode())]})
    while True:
        message = await receive()
        if message["type"] == "websocket.disconnect":
            ledger.record(f"closed={message['code']}")
            return
        await send({"type": "websocket.send", "text": message["text"]})
