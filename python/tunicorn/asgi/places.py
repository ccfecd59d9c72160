"""The places of an event-loop worker: each runs one request at a time, with its own slot of the claims board and its
own channels. They are opened as needed; the lowest free one is taken first, so few are ever opened.
"""

from __future__ import annotations

import asyncio
from functools import partial
from heapq import heappop, heappush
from typing import Callable, List, Optional

from tunicorn.channels.asgi_channel import Channel
from tunicorn.channels.channel_frame import UNACKNOWLEDGED_BYTES, ticket_of
from tunicorn.channels.gateway_channels import GatewayChannels
from tunicorn.runqueue.claim_slot import ClaimSlot
from tunicorn.worker_context.worker_context import WorkerContext


class Place:
    __slots__ = ("_free", "_releasing", "channels", "claim", "loop", "number")

    def __init__(
        self,
        number: int,
        claim: ClaimSlot,
        channels: GatewayChannels[Channel],
        *,
        loop: asyncio.AbstractEventLoop,
        free: Callable[[Place], None],
    ) -> None:
        self.number = number
        self.claim = claim
        self.channels = channels
        self.loop = loop
        self._free = free
        # Kept here because the loop holds only weak references to tasks.
        self._releasing: Optional[asyncio.Task[None]] = None

    def finish(self, channel: Optional[Channel], frame: bytes, passed_bytes: int) -> None:
        """Writes the last frame of a ticket. The place is free once the frame is sent and, after a long response, once
        the gateway has read it: what a slow client leaves unread must not delay the response to another client.
        """
        if channel is None:
            self.release()
            return
        is_long = passed_bytes > UNACKNOWLEDGED_BYTES and not channel.is_lost
        taken = channel.taken(ticket_of(frame)) if is_long else None
        if channel.finish(frame) and taken is None:
            self.claim.release()
            self._free(self)
            return
        self._releasing = self.loop.create_task(self._release_later(channel, taken))

    def release(self) -> None:
        self.claim.release()
        self._free(self)

    async def _release_later(self, channel: Channel, taken: Optional[asyncio.Future[None]]) -> None:
        await channel.flushed()
        if taken is not None and not channel.is_lost:
            await taken
        self._releasing = None
        self.release()


class FreePlaces:
    """`changed` is called when a place becomes free after all were taken."""

    def __init__(self, context: WorkerContext, loop: asyncio.AbstractEventLoop, changed: Callable[[], None]) -> None:
        self._context = context
        self._loop = loop
        self._changed = changed
        self._places: List[Place] = []
        self._free: List[int] = []
        self._limit = len(context.slots)
        # The first place's slot carries the heartbeat of the loop.
        self._open()
        self._free.append(0)

    def take(self) -> Place:
        """Only while they are not exhausted."""
        return self._places[heappop(self._free)] if self._free else self._open()

    @property
    def busy(self) -> int:
        return len(self._places) - len(self._free)

    @property
    def is_exhausted(self) -> bool:
        return not self._free and len(self._places) == self._limit

    def _open(self) -> Place:
        number = len(self._places)
        slots = self._context.slots
        prepare = partial(Channel.prepare, self._loop, identity=slots.identity(number))
        channels = GatewayChannels(self._context.settings.runtime_dir, slots.pipes, prepare)
        claim = slots.claim(number)
        slots.connected(claim, channels)
        place = Place(number, claim, channels, loop=self._loop, free=self._put_back)
        self._places.append(place)
        return place

    def _put_back(self, place: Place) -> None:
        free = self._free
        was_exhausted = not free and len(self._places) == self._limit
        heappush(free, place.number)
        if was_exhausted:
            self._changed()
