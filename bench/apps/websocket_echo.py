"""A WebSocket that echoes messages; plain requests are answered, so that clients can detect a ready server."""

from __future__ import annotations

from hello_asgi import application as hello


async def application(scope, receive, send):
    if scope["type"] != "websocket":
        await hello(scope, receive, send)
        return
    await receive()
    await send({"type": "websocket.accept"})
    while True:
        message = await receive()
        if message["type"] == "websocket.disconnect":
            return
        await send({"type": "websocket.send", "text": message["text"]})
