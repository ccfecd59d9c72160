"""The ticket as a worker reads it: the counterpart of src/runqueue/ticket.ts. RUNQUEUE.md draws the bytes."""

from __future__ import annotations

from struct import Struct
from typing import Any, Callable, NamedTuple

TICKET_BYTES = 4096
HEADER_BYTES = 32
MAX_ID = 2**53 - 1

KIND_RUN = 1
KIND_PROBE = 2

FOLLOWS = 1
RAW_PATH = 2
# The body is not complete yet: it comes on the channel, piece by piece, after WATCH.
STREAMED = 4
# The request is a WebSocket handshake.
UPGRADE = 8
_KNOWN_FLAGS = FOLLOWS | RAW_PATH | STREAMED | UPGRADE

_header = Struct("<IBBHQIIII")
_unpack_header = _header.unpack_from
_new_tuple = tuple.__new__


class TicketError(Exception):
    """The ticket, or the data that follows it, violates RUNQUEUE.md."""


class Ticket(NamedTuple):
    kind: int
    flags: int
    id: int
    gateway: int
    cancel: int
    fields_length: int
    body_length: int
    fields: Any
    """The result of `parse`; empty if FOLLOWS is set: they come on the channel."""
    body: bytes
    waited_ms: int = 0
    """Time spent waiting for a worker, at most 65,535."""


def parse_fields(data: bytes | bytearray) -> dict[str, str]:
    """Turns name, NUL, value, NUL, name … into a dictionary."""
    if not data:
        return {}
    parts = data.decode("latin-1").split("\0")
    if len(parts) & 1:
        raise TicketError(f"fields: {len(parts)} strings, but names and values come in pairs")
    alternately = iter(parts)
    return dict(zip(alternately, alternately))


def decode(buffer: bytes | bytearray, parse: Callable[[bytes | bytearray], Any] = parse_fields) -> Ticket:
    """The ticket in `buffer`, which must be 4096 bytes long. `parse` reads its fields."""
    if len(buffer) != TICKET_BYTES:
        raise TicketError(f"the buffer has {len(buffer)} bytes; a ticket has {TICKET_BYTES}")
    length, kind, flags, waited_ms, ticket_id, gateway, cancel, fields_length, body_length = _unpack_header(buffer)
    if kind == KIND_RUN and not flags & FOLLOWS:
        end_of_fields = HEADER_BYTES + fields_length
        used = end_of_fields + body_length
    else:
        end_of_fields = used = HEADER_BYTES
    if (
        used != length
        or length > TICKET_BYTES
        or not 0 < ticket_id <= MAX_ID
        or flags > 3
        or kind != KIND_RUN
    ):
        _check_header(
            length=length,
            kind=kind,
            flags=flags,
            waited_ms=waited_ms,
            ticket_id=ticket_id,
            used=used,
            fields_length=fields_length,
            body_length=body_length,
        )
    return _new_tuple(
        Ticket,
        (
            kind,
            flags,
            ticket_id,
            gateway,
            cancel,
            fields_length,
            body_length,
            parse(buffer[HEADER_BYTES:end_of_fields]),
            bytes(buffer[end_of_fields:used]) if used != end_of_fields else b"",
            waited_ms,
        ),
    )


def _check_header(
    *,
    length: int,
    kind: int,
    flags: int,
    waited_ms: int,
    ticket_id: int,
    used: int,
    fields_length: int,
    body_length: int,
) -> None:
    # Off the fast path, which checks everything in one test: this is a probe, or malformed.
    if not HEADER_BYTES <= length <= TICKET_BYTES:
        raise TicketError(f"length is {length}; it must be {HEADER_BYTES} to {TICKET_BYTES}")
    if kind not in (KIND_RUN, KIND_PROBE):
        raise TicketError(f"kind is {kind}; it must be {KIND_RUN} (run) or {KIND_PROBE} (probe)")
    if flags & ~_KNOWN_FLAGS:
        raise TicketError(f"flags are {flags:#04x}; only those of {_KNOWN_FLAGS:#04x} are known")
    if not 0 < ticket_id <= MAX_ID:
        raise TicketError(f"id is {ticket_id}; it must be 1 to 2^53 - 1")
    if kind == KIND_PROBE and (flags or waited_ms or fields_length or body_length):
        raise TicketError("a probe carries neither flags, nor a wait, nor fields, nor a body")
    if flags & STREAMED and flags & UPGRADE:
        raise TicketError(f"flags are {flags:#04x}; a ticket is STREAMED or an UPGRADE, not both")
    if flags & (STREAMED | UPGRADE) and body_length:
        raise TicketError(f"flags are {flags:#04x}, but body is {body_length} bytes; it must be 0")
    if used != length:
        raise TicketError(f"length is {length}, but header, fields and body take {used}")
