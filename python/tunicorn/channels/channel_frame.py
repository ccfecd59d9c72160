"""Frames on a channel, without the socket: types and flags, the worker's frames as bytes, and checks of the gateway's.
RUNQUEUE.md draws them; src/runqueue/channel-frame.ts is the gateway's half.
"""

from __future__ import annotations

from struct import Struct
from typing import NamedTuple

# After more than UNACKNOWLEDGED_BYTES of hints, body and messages for one ticket, the worker waits for TAKEN from the
# gateway. A WebSocket message counts MESSAGE_COST_BYTES in addition to its bytes.
from tunicorn.generated_facts import MESSAGE_COST_BYTES as MESSAGE_COST_BYTES
from tunicorn.generated_facts import UNACKNOWLEDGED_BYTES as UNACKNOWLEDGED_BYTES

HELLO = 1
ASK = 2
HEAD = 3
BODY = 4
SKIP = 5
PROBED = 6
DATA = 7
GONE = 8
TAKEN = 9
HINTS = 10
WATCH = 11
FAILED = 12
MESSAGE = 13
CLOSE = 14
TUNNEL = 15
TRAILERS = 16

END = 1
FRAMED = 2
ABORTED = 4
TEXT = 8
CLOSING = 16

HEADER_BYTES = 16
# RFC 6455 section 5.5: the reason in a close frame.
REASON_LIMIT_BYTES = 123

unpack_header = Struct("<IBBHQ").unpack
unpack_header_from = Struct("<IBBHQ").unpack_from
_pack_header = Struct("<IBBHQ").pack
pack_head = Struct("<IBBHQI").pack
# A HEAD after the worker's pid, as in the answer pipe.
pack_answer = Struct("<IIBBHQI").pack
_pack_hello = Struct("<IBBHQIII").pack

# Frames of these types have no payload and no flags.
_BARE = (GONE, TAKEN)
_FROM_GATEWAY = (DATA, GONE, TAKEN, MESSAGE, CLOSE)


class FrameError(Exception):
    """The gateway violates the protocol of RUNQUEUE.md: the channel must be closed."""


class GatewayFrame(NamedTuple):
    type: int
    flags: int
    status: int
    """The close code, for CLOSE."""
    id: int
    payload: bytes


def hello_frame(slot: int, pid: int, generation: int) -> bytes:
    return _pack_hello(28, HELLO, 0, 0, 0, slot, pid, generation)


def ask_frame(ticket_id: int) -> bytes:
    return _pack_header(16, ASK, 0, 0, ticket_id)


def skip_frame(ticket_id: int) -> bytes:
    return _pack_header(16, SKIP, END, 0, ticket_id)


def probed_frame(ticket_id: int) -> bytes:
    return _pack_header(16, PROBED, END, 0, ticket_id)


def failed_frame(ticket_id: int, closing: bool) -> bytes:
    """Makes the gateway answer 500; with `closing`, it then closes the client's connection."""
    return _pack_header(16, FAILED, END | CLOSING if closing else END, 0, ticket_id)


def watch_frame(ticket_id: int) -> bytes:
    return _pack_header(16, WATCH, 0, 0, ticket_id)


def tunnel_frame(ticket_id: int) -> bytes:
    return _pack_header(16, TUNNEL, 0, 0, ticket_id)


def hints_frame(ticket_id: int, lines: bytes) -> bytes:
    return _pack_header(16 + len(lines), HINTS, 0, 0, ticket_id) + lines


def head_start(ticket_id: int, status: int, flags: int, head: bytes, *, body_bytes: int = 0) -> bytes:
    """A HEAD frame up to its body, of which `body_bytes` follow."""
    return pack_head(20 + len(head) + body_bytes, HEAD, flags, status, ticket_id, len(head)) + head


def body_header(ticket_id: int, flags: int, body_bytes: int) -> bytes:
    """The bytes before the payload of a BODY frame."""
    return _pack_header(16 + body_bytes, BODY, flags, 0, ticket_id)


def trailers_frame(ticket_id: int, lines: bytes) -> bytes:
    """The end of a response: header lines after the last chunk."""
    return _pack_header(16 + len(lines), TRAILERS, END, 0, ticket_id) + lines


def message_header(ticket_id: int, flags: int, message_bytes: int) -> bytes:
    """The bytes before the payload of a MESSAGE frame; flags are TEXT or 0."""
    return _pack_header(16 + message_bytes, MESSAGE, flags, 0, ticket_id)


def close_frame(ticket_id: int, code: int, reason: str = "") -> bytes:
    """The worker's last frame for a WebSocket. A reason that is too long is cut between two characters."""
    payload = reason.encode("utf-8", "replace")
    if len(payload) > REASON_LIMIT_BYTES:
        payload = payload[:REASON_LIMIT_BYTES].decode("utf-8", "ignore").encode()
    return _pack_header(16 + len(payload), CLOSE, END, code, ticket_id) + payload


def check_gateway_header(length: int, kind: int, flags: int) -> None:
    if length < HEADER_BYTES:
        raise FrameError(f"a frame of {length} bytes; its header alone has {HEADER_BYTES}")
    if kind not in _FROM_GATEWAY:
        raise FrameError(f"a frame of type {kind}, which a gateway does not send")
    if kind in _BARE and (length != HEADER_BYTES or flags):
        raise FrameError(f"a frame of type {kind} with flags {flags:#04x} and {length} bytes; wanted none and 16")
    if kind == CLOSE and length > HEADER_BYTES + REASON_LIMIT_BYTES:
        raise FrameError(f"CLOSE with a reason of {length - HEADER_BYTES} bytes")


def check_answer(length: int, kind: int, flags: int, status: int, *, wanted_bytes: int) -> None:
    """Checks a frame for the ticket of an ASK: it must be GONE, or DATA with `wanted_bytes`."""
    if flags or status:
        raise FrameError(f"flags {flags:#04x} and status {status} in an answer to ASK; both must be 0")
    if kind == GONE and length == HEADER_BYTES:
        return
    wanted = HEADER_BYTES + wanted_bytes
    if kind != DATA or length != wanted:
        raise FrameError(f"a frame of type {kind} and {length} bytes; wanted DATA of {wanted} or GONE of 16")


def check_taken(length: int, kind: int, taken_id: int, awaited_id: int) -> None:
    if kind != TAKEN or length != HEADER_BYTES or taken_id != awaited_id:
        raise FrameError(f"a frame of type {kind} for ticket {taken_id}; wanted TAKEN for ticket {awaited_id}")


def ticket_of(frame: bytes) -> int:
    """The id of the ticket that a frame belongs to."""
    ticket_id: int = unpack_header_from(frame)[4]
    return ticket_id
