"""Doubles for the surroundings of an exchange in the asgi worker: a place, a claim and a channel that record their
use.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from struct import unpack_from
from typing import Any, Awaitable, Callable, Dict, List, NamedTuple, Optional

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "python"))

from tunicorn.channels import channel_frame
from tunicorn.channels.channel_frame import GatewayFrame
from tunicorn.runqueue.ticket import KIND_RUN, Ticket

NAMES = {getattr(channel_frame, name): name for name in "ASK HEAD BODY SKIP HINTS WATCH MESSAGE CLOSE TRAILERS FAILED".split()}
FLAGS = {1: "END", 2: "FRAMED", 4: "ABORTED", 8: "TEXT", 16: "CLOSING"}
TICKET = 7
CANCEL = 3


def ticket(method: bytes = b"GET", flags: int = 0, body: bytes = b"") -> Ticket:
    return Ticket(KIND_RUN, flags, TICKET, 1, CANCEL, len(method), len(body), method + b"\0", body)


class Frame(NamedTuple):
    type: str
    flags: str
    status: int
    head: str
    payload: bytes


def parse(frame: bytes) -> List[Frame]:
    """Everything that was written at once."""
    frames = []
    while frame:
        length, kind, flags, status, ticket = unpack_from("<IBBHQ", frame)
        assert ticket == TICKET and length <= len(frame), (ticket, length, len(frame))
        payload, frame = frame[16:length], frame[length:]
        head = ""
        if NAMES[kind] == "HEAD":
            (size,) = unpack_from("<I", payload)
            head, payload = payload[4 : 4 + size].decode("latin-1"), payload[4 + size :]
        names = "|".join(name for bit, name in FLAGS.items() if flags & bit)
        frames.append(Frame(NAMES[kind], names, status, head, payload))
    return frames


class Claim:
    def __init__(self) -> None:
        self.cancelled = False
        self.calls: List[str] = []

    @property
    def cancels(self) -> Dict[int, int]:
        return {CANCEL: TICKET if self.cancelled else 0}

    def is_cancelled(self, cancel: int, ticket: int) -> bool:
        assert (cancel, ticket) == (CANCEL, TICKET)
        return self.cancelled

    def stream(self) -> None:
        self.calls.append("stream")

    def hold(self) -> None:
        self.calls.append("hold")

    def unhold(self) -> None:
        self.calls.append("unhold")


class Channel:
    def __init__(self) -> None:
        self.frames: List[Frame] = []
        self.is_lost = False
        self.reading = False
        self.gate: Any = None
        self.unfinished_bytes = 0
        self.on_frame: Callable[[Optional[GatewayFrame]], None] = lambda frame: None
        self.room: Optional[asyncio.Event] = None

    def write(self, frame: bytes) -> bool:
        if not self.is_lost:
            self.frames += parse(frame)
        return True

    def begin_send(self, frame: bytes) -> Any:
        self.write(frame)
        return None if self.room is None else self.room.wait()

    async def send(self, frame: bytes) -> None:
        rest = self.begin_send(frame)
        if rest is not None:
            await rest

    def read(self) -> None:
        self.reading = True

    def pause(self) -> None:
        self.reading = False

    def lose(self) -> None:
        self.is_lost = True
        self.on_frame(None)

    def gives(self, kind: int, flags: int = 0, payload: bytes = b"", status: int = 0, ticket: int = TICKET) -> None:
        self.on_frame(GatewayFrame(kind, flags, status, ticket, payload))
        if self.gate is not None:
            # In a callback of the loop, as the channel does.
            asyncio.get_running_loop().call_soon(self.gate.have_read)


class Place:
    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.claim = Claim()
        self.finished = 0
        self.passed_bytes = -1

    def finish(self, channel: Channel, frame: bytes, passed_bytes: int) -> None:
        self.finished += 1
        self.passed_bytes = passed_bytes
        channel.write(frame)


Application = Callable[[Any, Any], Awaitable[None]]


def sends(*messages: Dict[str, Any]) -> Application:
    """An application that does nothing else."""

    async def app(receive: Any, send: Any) -> None:
        for message in messages:
            await send(message)

    return app


async def settle() -> None:
    """Lets the tasks continue as far as they can."""
    for _ in range(20):
        await asyncio.sleep(0)
