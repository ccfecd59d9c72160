"""Channels: an HTTP consumer, and a WebSocket consumer behind sessions and origins, with a channel layer; the rest of HTTP is Django's."""

from __future__ import annotations

import asyncio
import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "live_settings")
django_application = get_asgi_application()

from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.generic.http import AsyncHttpConsumer  # noqa: E402
from channels.generic.websocket import AsyncWebsocketConsumer  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.security.websocket import AllowedHostsOriginValidator  # noqa: E402
from django.urls import path, re_path  # noqa: E402

from shared_values import PAUSE_SECONDS, event  # noqa: E402


class Events(AsyncHttpConsumer):
    async def handle(self, body):
        await self.send_headers(headers=[(b"Content-Type", b"text/event-stream")])
        for number in range(5):
            await self.send_body(event(number).encode(), more_body=True)
            await asyncio.sleep(PAUSE_SECONDS)
        await self.send_body(b"")


class Echo(AsyncWebsocketConsumer):
    async def connect(self):
        await self.channel_layer.group_add("everybody", self.channel_name)
        await self.accept("chat.v2" if "chat.v2" in self.scope["subprotocols"] else None)

    async def disconnect(self, code):
        await self.channel_layer.group_discard("everybody", self.channel_name)

    async def receive(self, text_data=None, bytes_data=None):
        if text_data == "close":
            await self.close(4001, "over")
        else:
            await self.channel_layer.group_send("everybody", {"type": "told", "text": text_data, "bytes": bytes_data})

    async def told(self, told):
        await self.send(told["text"], told["bytes"])


application = ProtocolTypeRouter(
    {
        "http": URLRouter([path("sse", Events.as_asgi()), re_path("", django_application)]),
        "websocket": AllowedHostsOriginValidator(AuthMiddlewareStack(URLRouter([path("ws", Echo.as_asgi())]))),
    }
)
