"""Sends a frame in the middle of a response or of a WebSocket."""

from __future__ import annotations

from typing import Callable

from tunicorn.channels.asgi_channel import Channel
from tunicorn.channels.client_gone import ClientGone

CHANNEL_LOST = "the channel to the gateway is lost"


async def transmit(channel: Channel, frame: bytes, gone: Callable[[], None]) -> None:
    """Waits until the frame is sent. If the channel is lost, calls `gone` and raises ClientGone."""
    await channel.send(frame)
    if channel.is_lost:
        gone()
        raise ClientGone(CHANNEL_LOST)
