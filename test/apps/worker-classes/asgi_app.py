"""An ASGI application without a framework, with a path for each way in which a request can proceed."""

from __future__ import annotations

import asyncio
import contextvars
import json
import os
import select
import sys
import time
from http import HTTPStatus

colour = contextvars.ContextVar("colour", default="none")
lifespan = os.environ.get("LIFESPAN", "")


def say(text):
    line = f"{text}\n".encode()
    while True:
        try:
            os.write(2, line)
            return
        except BlockingIOError:
            # The server's standard error is a socket here, and does not block.
            select.select([], [2], [])


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        return await live(scope, receive, send)
    if scope["type"] == "websocket":
        return await SOCKETS[scope["path"].split("/")[1]](scope, receive, send)
    path = scope["path"].split("/")[1]
    await PATHS[path](scope, receive, send)


async def live(scope, receive, send):
    if lifespan == "none":
        raise NotImplementedError("no lifespan here")
    await receive()
    if lifespan == "raises":
        raise RuntimeError("the database is away")
    if lifespan == "fails":
        await send({"type": "lifespan.startup.failed", "message": "the cache is away"})
        return
    if lifespan == "hangs":
        say("start-up hangs")
        await asyncio.Event().wait()
    if lifespan == "exits":
        sys.exit(5)
    scope["state"]["started"] = os.getpid()
    scope["state"]["shared"] = []
    await send({"type": "lifespan.startup.complete"})
    assert (await receive())["type"] == "lifespan.shutdown"
    say("shutdown begins")
    if lifespan == "hangs-at-end":
        await asyncio.Event().wait()
    await send({"type": "lifespan.shutdown.complete"})
    say("shutdown is complete")


async def answer(send, body, status=200, headers=()):
    await send({"type": "http.response.start", "status": status, "headers": list(headers)})
    await send({"type": "http.response.body", "body": body if isinstance(body, bytes) else str(body).encode()})


def plain(value):
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, (list, tuple)) else value


async def show_scope(scope, receive, send):
    scope["state"]["mine"] = scope["state"].get("mine", 0) + 1
    scope["state"]["shared"].append(1)
    await answer(send, json.dumps(plain(scope)))


async def whole(scope, receive, send):
    size, pieces = 0, 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            say(f"left after {size} bytes")
            return
        size += len(message["body"])
        pieces += 1
        if not message["more_body"]:
            break
    await answer(send, f"{size} bytes")


async def echo(scope, receive, send):
    await send({"type": "http.response.start", "status": HTTPStatus.OK, "headers": []})
    while True:
        message = await receive()
        await send({"type": "http.response.body", "body": message["body"], "more_body": message["more_body"]})
        if not message["more_body"]:
            break


async def unread(scope, receive, send):
    say("does not read")
    await asyncio.sleep(float(scope["query_string"] or 0))
    await answer(send, "not read")


async def flood(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    sent = 0
    try:
        while True:
            await send({"type": "http.response.body", "body": b"x" * 65536, "more_body": True})
            sent += 65536
            scope["state"]["shared"][:] = [sent]
    except OSError as error:
        say(f"flood ended with an OSError: {error}")
        raise


async def events(scope, receive, send):
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]}
    )
    gone = asyncio.ensure_future(wait_for_disconnect(receive))
    number = 0
    while not gone.done():
        await send({"type": "http.response.body", "body": b"data: %d\n\n" % number, "more_body": True})
        number += 1
        await asyncio.wait([gone], timeout=0.1)
    say(f"events: disconnect, again {(await receive())['type']}")


async def wait_for_disconnect(receive):
    while (await receive())["type"] != "http.disconnect":
        pass


async def poll(scope, receive, send):
    """Long polling: several tasks wait for the disconnect."""
    waiting = [asyncio.ensure_future(wait_for_disconnect(receive)) for _ in range(3)]
    say("polls")
    await asyncio.gather(*waiting)
    say("poll: all of 3 saw the disconnect")
    try:
        await answer(send, "late")
    except OSError:
        say("poll: send raised OSError")


async def after_end(scope, receive, send):
    await receive()
    await answer(send, "done")
    say(f"after the end: {(await receive())['type']}")


async def hang(scope, receive, send):
    try:
        await fall_asleep()
    finally:
        say("hang: cancelled")
        # The clean-up takes a while and is not cancelled again.
        await asyncio.sleep(0.1)
        say("hang: cleaned up")


async def fall_asleep():
    await asyncio.sleep(3600)


async def hang_behind(scope, receive, send):
    await answer(send, "answered")
    await hang(scope, receive, send)


async def stubborn(scope, receive, send):
    while True:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            say("stubborn: goes on")


async def wait(scope, receive, send):
    say("waits")
    await asyncio.sleep(float(scope["query_string"]))
    await answer(send, f"waited in {os.getpid()}")


async def block(scope, receive, send):
    say("blocks")
    block_the_loop(float(scope["query_string"]))
    await answer(send, "was blocked")


def block_the_loop(seconds):
    time.sleep(seconds)


async def background(scope, receive, send):
    await answer(send, "answered")
    say("background begins")
    await asyncio.sleep(float(scope["query_string"]))
    say("background ends")


async def context(scope, receive, send):
    was = colour.get()
    colour.set(scope["query_string"].decode())
    await asyncio.sleep(0)
    await answer(send, was)


async def raises(scope, receive, send):
    raise ValueError("raised by the application")


async def raises_late(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"first", "more_body": True})
    raise ValueError("raised late")


async def nothing(scope, receive, send):
    pass


async def raises_other(scope, receive, send):
    what = scope["query_string"].decode()
    raise {"SystemExit": SystemExit(5), "KeyboardInterrupt": KeyboardInterrupt()}.get(what, asyncio.CancelledError())


async def sends(scope, receive, send):
    """The messages in the query string, as Python."""
    from urllib.parse import unquote_to_bytes

    for message in eval(unquote_to_bytes(scope["query_string"])):
        await send(message)


async def pid(scope, receive, send):
    await answer(send, os.getpid())


async def shared(scope, receive, send):
    await answer(send, json.dumps(scope["state"]["shared"]))


PATHS = {
    "": pid,
    "scope": show_scope,
    "whole": whole,
    "echo": echo,
    "unread": unread,
    "flood": flood,
    "events": events,
    "poll": poll,
    "after-end": after_end,
    "raises-other": raises_other,
    "hang": hang,
    "hang-behind": hang_behind,
    "stubborn": stubborn,
    "wait": wait,
    "block": block,
    "background": background,
    "context": context,
    "raises": raises,
    "raises-late": raises_late,
    "nothing": nothing,
    "sends": sends,
    "shared": shared,
    "api": show_scope,
}


async def ws_echo(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    while True:
        message = await receive()
        if message["type"] == "websocket.disconnect":
            say(f"disconnect {message['code']} {message.get('reason')!r}")
            return
        del message["type"]
        await send({"type": "websocket.send", **message})


async def ws_scope(scope, receive, send):
    await receive()
    await send(
        {"type": "websocket.accept", "subprotocol": (scope["subprotocols"] or [None])[-1], "headers": [(b"x-a", b"1")]}
    )
    await send({"type": "websocket.send", "text": json.dumps(plain(scope))})


async def ws_sends(scope, receive, send):
    from urllib.parse import unquote_to_bytes

    await receive()
    for message in eval(unquote_to_bytes(scope["query_string"])):
        await send(message)
    say(f"and then {await receive()}")


async def ws_raises(scope, receive, send):
    await receive()
    if b"accept" in scope["query_string"]:
        await send({"type": "websocket.accept"})
    raise ValueError("raised in a WebSocket")


async def ws_flood(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    sent = 0
    while True:
        await send({"type": "websocket.send", "bytes": b"x" * 65536})
        sent += 65536
        scope["state"]["shared"][:] = [sent]


async def ws_deaf(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    say("deaf")
    await asyncio.sleep(3600)


SOCKETS = {
    "echo": ws_echo,
    "scope": ws_scope,
    "sends": ws_sends,
    "raises": ws_raises,
    "flood": ws_flood,
    "deaf": ws_deaf,
}


def adapted(scope):
    """An application of ASGI 2."""

    async def call(receive, send):
        await app(scope, receive, send)

    return call
