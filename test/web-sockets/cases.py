"""Plays the rules of RFC 6455 and RFC 7692 against an application that echoes: `cases.py HOST PORT [deflate]`. One line of
JSON for each failed case; the last line is the number of cases.
"""

from __future__ import annotations

import json
import os
import struct
import sys
import zlib

from frames import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, Client

host, port = sys.argv[1], int(sys.argv[2])
with_deflate = sys.argv[3:] == ["deflate"]

GREEK = "κόσμε".encode()
# From RFC 3629, Markus Kuhn's decoder tests, and the specification's exclusions.
VALID_UTF8 = [
    *(b"", b"Hello", GREEK, "Hello-µ@ßöäüàá-UTF-8!!".encode(), b"\x00", b"\x7f", b"\xc2\x80", b"\xdf\xbf"),
    *(b"\xe0\xa0\x80", b"\xef\xbf\xbf", b"\xf0\x90\x80\x80", b"\xf4\x8f\xbf\xbf", b"\xed\x9f\xbf", b"\xee\x80\x80"),
    *(b"\xef\xbf\xbd", b"\xef\xbf\xbe", b"\xf0\x9f\xbf\xbe", b"\xf1\xaf\xbf\xbf", b"\xf0\x9d\x84\x9e"),
]
INVALID_UTF8 = [
    *(b"\x80", b"\xbf", b"\x80\xbf\x80", b"\xc2", b"\xc2a", b"\xe0\xa0", b"\xf0\x90\x80", GREEK[:-1]),
    *(b"\xc0\x80", b"\xc1\xbf", b"\xe0\x80\x80", b"\xe0\x9f\xbf", b"\xf0\x80\x80\x80", b"\xf0\x8f\xbf\xbf"),
    *(b"\xed\xa0\x80", b"\xed\xbf\xbf", b"\xed\xa0\xb5\xed\xb4\x9e", b"\xf4\x90\x80\x80", b"\xf5\x80\x80\x80"),
    *(b"\xf8\x88\x80\x80\x80", b"\xfc\x84\x80\x80\x80\x80", b"\xfe", b"\xff", GREEK + b"\xed\xa0\x80edited"),
]
count = 0
failures = []


def case(name, play, *arguments, extensions=""):
    global count
    count += 1
    client = None
    try:
        client = Client(host, port, extensions=extensions)
        play(client, *arguments)
    except BaseException as error:
        failures.append(name)
        print(json.dumps({"case": name, "error": f"{type(error).__name__}: {error}"[:300]}), flush=True)
    finally:
        if client is not None:
            client.socket.close()


def expect(seen, wanted):
    assert seen == wanted, f"{seen!r:.120} instead of {wanted!r:.120}"


def close_normally(client):
    client.send(CLOSE, struct.pack("!H", 1000))
    expect(client.message(), (CLOSE, struct.pack("!H", 1000)))
    assert client.is_closed()


def echoes(client, opcode, payload, pieces=0):
    client.send(opcode, payload, pieces=pieces)
    expect(client.message(), (opcode, payload))
    close_normally(client)


def many(client, opcode, size, number):
    for _ in range(number):
        client.send(opcode, b"*" * size)
        expect(client.message(), (opcode, b"*" * size))
    close_normally(client)


def burst(client, number):
    for index in range(number):
        client.send(TEXT, str(index).encode())
    for index in range(number):
        expect(client.message(), (TEXT, str(index).encode()))
    close_normally(client)


def fragments(client, opcode, payload, size, pings):
    """In pieces of `size` bytes; with pings between them."""
    pieces = [payload[at : at + size] for at in range(0, len(payload), size)] or [b""]
    for index, piece in enumerate(pieces):
        client.send(opcode if index == 0 else CONTINUATION, piece, fin=index == len(pieces) - 1)
        if pings and index < len(pieces) - 1:
            client.send(PING, b"%d" % index)
            expect(client.message(), (PONG, b"%d" % index))
    expect(client.message(), (opcode, payload))
    close_normally(client)


def ping(client, payload, pieces=0):
    client.send(PING, payload, pieces=pieces)
    expect(client.message(), (PONG, payload))
    close_normally(client)


def pings(client, number):
    for index in range(number):
        client.send(PING, b"payload-%d" % index)
    for index in range(number):
        expect(client.message(), (PONG, b"payload-%d" % index))
    close_normally(client)


def pong_is_ignored(client):
    client.send(PONG, b"unsolicited")
    client.send(PING, b"a")
    expect(client.message(), (PONG, b"a"))
    close_normally(client)


def ends_with(client, code, *frames):
    """`frames` are the arguments of send()."""
    for arguments in frames:
        try:
            client.send(*arguments[0], **arguments[1])
        except ConnectionError:
            break
    expect(client.ending(), code)
    assert client.is_closed()


def f(*arguments, **options):
    return arguments, options


def closes(client, payload, answer):
    client.send(CLOSE, payload)
    expect(client.message(), (CLOSE, answer))
    assert client.is_closed()


def nothing_after_close(client):
    client.send(CLOSE, struct.pack("!H", 1000))
    client.send(TEXT, b"late")
    client.send(PING, b"late")
    expect(client.message(), (CLOSE, struct.pack("!H", 1000)))
    assert client.is_closed()


def code(number, reason=b""):
    return struct.pack("!H", number) + reason


def compressed(payload):
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    return (deflate.compress(payload) + deflate.flush(zlib.Z_SYNC_FLUSH))[:-4]


def deflates(client, opcode, payload, pieces):
    assert "permessage-deflate" in client.head, client.head
    data = compressed(payload)
    step = max(1, (len(data) + pieces - 1) // pieces)
    parts = [data[at : at + step] for at in range(0, len(data), step)]
    for index, part in enumerate(parts):
        kind = opcode if index == 0 else CONTINUATION
        client.send(kind, part, fin=index == len(parts) - 1, rsv=4 if index == 0 else 0)
    expect(client.message(), (opcode, payload))
    close_normally(client)


for opcode, kind in ((TEXT, "text"), (BINARY, "binary")):
    for size in (0, 1, 125, 126, 127, 128, 65535, 65536, 65537, 1_000_000, 5_000_000):
        case(f"{kind} of {size} bytes", echoes, opcode, b"*" * size)
    case(f"{kind} of 65536 bytes in pieces of 997", echoes, opcode, b"*" * 65536, 997)
    case(f"{kind} of 126 bytes, a byte at a time", echoes, opcode, b"*" * 126, 1)
    for size in (0, 16, 256, 4096, 65536):
        case(f"{kind}: 50 messages of {size} bytes", many, opcode, size, 50)
    for size in (1, 3, 64, 4000):
        for between in (False, True):
            payload = GREEK * 20 if size < 100 else b"*" * 100_000
            case(f"{kind} in fragments of {size}, pings {between}", fragments, opcode, payload, size, between)
    case(f"{kind} in empty fragments", fragments, opcode, b"", 1, False)
    case(
        f"{kind}: two empty fragments and an end",
        ends_with,
        1000,
        *(f(opcode, b"", fin=False), f(CONTINUATION, b"", fin=False)),
        f(CONTINUATION, b""),
        f(CLOSE, code(1000)),
    )
case("2000 messages in a burst", burst, 2000)
case("bytes of every kind", echoes, BINARY, bytes(range(256)) * 100)

for payload in (b"", b"a", b"\0\xff\xfe", b"*" * 125):
    case(f"ping of {len(payload)} bytes", ping, payload)
case("ping, a byte at a time", ping, b"*" * 125, 1)
case("10 pings in a burst", pings, 10)
case("an unsolicited pong", pong_is_ignored)
case("a ping of 126 bytes", ends_with, 1002, f(PING, b"*" * 126))
case("a pong of 126 bytes", ends_with, 1002, f(PONG, b"*" * 126))
case("a ping in fragments", ends_with, 1002, f(PING, b"a", fin=False), f(CONTINUATION, b"b"))
case("a pong in fragments", ends_with, 1002, f(PONG, b"a", fin=False), f(CONTINUATION, b"b"))
case("a close in fragments", ends_with, 1002, f(CLOSE, code(1000), fin=False))

for rsv in range(1, 8):
    if with_deflate and rsv == 4:
        continue
    for opcode in (TEXT, BINARY, PING, PONG, CLOSE):
        case(f"reserved bits {rsv} with opcode {opcode}", ends_with, 1002, f(opcode, b"", rsv=rsv))
for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15):
    case(f"reserved opcode {opcode}", ends_with, 1002, f(opcode, b""))
    case(f"reserved opcode {opcode} within fragments", ends_with, 1002, f(TEXT, b"a", fin=False), f(opcode, b"b"))
case("a frame that is not masked", ends_with, 1002, f(TEXT, b"a", masked=False))
case("a ping that is not masked", ends_with, 1002, f(PING, b"a", masked=False))
case("a continuation of nothing", ends_with, 1002, f(CONTINUATION, b"a"))
case("a continuation of nothing, not the last", ends_with, 1002, f(CONTINUATION, b"a", fin=False))
case("a continuation after the last", ends_with, 1002, f(TEXT, b"a"), f(CONTINUATION, b"b"))
case("text within fragments", ends_with, 1002, f(TEXT, b"a", fin=False), f(TEXT, b"b"))
case("binary within fragments", ends_with, 1002, f(TEXT, b"a", fin=False), f(BINARY, b"b"))
case("a length with its highest bit", ends_with, 1009, f(BINARY, b"", length=1 << 62))

for payload in VALID_UTF8:
    case(f"text {payload!r}", echoes, TEXT, payload)
    case(f"text {payload!r}, a byte in a fragment", fragments, TEXT, payload, 1, True)
    case(f"text {payload!r}, a byte at a time", echoes, TEXT, payload, 1)
for payload in INVALID_UTF8:
    case(f"invalid text {payload!r}", ends_with, 1007, f(TEXT, payload))
    frames = [
        f(TEXT if at == 0 else CONTINUATION, payload[at : at + 1], fin=at == len(payload) - 1)
        for at in range(len(payload))
    ]
    case(f"invalid text {payload!r}, a byte in a fragment", ends_with, 1007, *frames)
    case(f"bytes that are no text {payload!r}", echoes, BINARY, payload)
    case(f"a reason that is no text {payload!r}", ends_with, 1007, f(CLOSE, code(1000, payload)))

for number in (1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999):
    case(f"close with {number}", closes, code(number), code(number))
for number in (0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535):
    case(f"close with {number}, which may not be sent", ends_with, 1002, f(CLOSE, code(number)))
case("close without a code", closes, b"", b"")
case("close with one byte", ends_with, 1002, f(CLOSE, b"\x03"))
case("close with a reason", closes, code(1000, b"Hello World!"), code(1000, b"Hello World!"))
case("close with a reason of 123 bytes", closes, code(1000, b"*" * 123), code(1000, b"*" * 123))
case("close with a reason of 124 bytes", ends_with, 1002, f(CLOSE, code(1000, b"*" * 124)))
case("nothing is answered after the close", nothing_after_close)
case("a close within fragments", ends_with, 1000, f(TEXT, b"a", fin=False), f(CLOSE, code(1000)))

if with_deflate:
    for offer in (
        "permessage-deflate",
        "permessage-deflate; client_max_window_bits",
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
        "permessage-deflate; server_max_window_bits=10, permessage-deflate",
        "permessage-deflate; server_max_window_bits=14",
        "x-unknown, permessage-deflate",
    ):
        for payload in (b"", b"a", b"*" * 3000, json.dumps(list(range(20000))).encode()):
            for pieces in (1, 3):
                case(f"{offer}: {len(payload)} bytes in {pieces}", deflates, TEXT, payload, pieces, extensions=offer)
        noise = os.urandom(200_000)
        case(f"{offer}: noise", deflates, BINARY, noise, 2, extensions=offer)
    declined = "permessage-deflate; server_max_window_bits=10"
    case("an offer that is declined", echoes, TEXT, b"*" * 3000, extensions=declined)
    case("a message that is not compressed", echoes, TEXT, b"*" * 10, extensions="permessage-deflate")
    case(
        "an invalid deflate stream",
        ends_with,
        1007,
        f(TEXT, b"\xff\xff\xff\xff", rsv=4),
        extensions="permessage-deflate",
    )
    case(
        "text that is invalid when it is inflated",
        ends_with,
        1007,
        f(TEXT, compressed(b"\xed\xa0\x80"), rsv=4),
        extensions="permessage-deflate",
    )
    case("a compressed ping", ends_with, 1002, f(PING, b"a", rsv=4), extensions="permessage-deflate")
    case(
        "a compressed continuation",
        ends_with,
        1002,
        f(TEXT, compressed(b"a"), fin=False, rsv=4),
        f(CONTINUATION, b"b", rsv=4),
        extensions="permessage-deflate",
    )
else:
    case("compressed without an extension", ends_with, 1002, f(TEXT, compressed(b"a"), rsv=4))

print(json.dumps({"cases": count, "failures": len(failures)}))
