"""The ASGI application of the soak: the paths of soak_wsgi.py, and /ws, a WebSocket that echoes messages and closes on "bye"."""

import asyncio
import hashlib

PIECE = b"b" * (64 << 10)


async def application(scope, receive, send):
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
    elif scope["type"] == "websocket":
        await echo(receive, send)
    else:
        await respond(scope, receive, send)


async def lifespan(receive, send):
    for phase in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{phase}.complete"})


async def respond(scope, receive, send):
    path = scope["path"]
    number = int(scope["query_string"].partition(b"=")[2] or 0)
    if path == "/":
        await digest(receive, send)
    elif path == "/big":
        await big(send, number)
    elif path == "/events":
        await events(send, number)
    elif path == "/slow":
        await asyncio.sleep(0.3)
        await text(send, 200, "slow")
    elif path == "/hang":
        await asyncio.sleep(3600)
    elif path == "/raise":
        raise RuntimeError("the soak asked for this")
    else:
        await text(send, 404, "no such page")


async def digest(receive, send):
    body = hashlib.sha256()
    length = 0
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        body.update(message.get("body", b""))
        length += len(message.get("body", b""))
        more = message.get("more_body", False)
    await text(send, 200, f"{length} {body.hexdigest()}")


async def big(send, mebibytes):
    headers = [(b"content-length", str(mebibytes << 20).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    for _ in range(mebibytes * 16):
        await send({"type": "http.response.body", "body": PIECE, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def events(send, count):
    headers = [(b"content-type", b"text/event-stream")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    for number in range(count):
        await send({"type": "http.response.body", "body": f"data: {number}\n\n".encode(), "more_body": True})
        await asyncio.sleep(0.05)
    await send({"type": "http.response.body", "body": b""})


async def text(send, status, body):
    headers = [(b"content-type", b"text/plain"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body.encode()})


async def echo(receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    while True:
        message = await receive()
        if message["type"] == "websocket.disconnect":
            return
        if message.get("text") == "bye":
            await send({"type": "websocket.close", "code": 1000})
            return
        await send({"type": "websocket.send", "text": message["text"]})
