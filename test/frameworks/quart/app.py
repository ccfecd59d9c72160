"""The routes of the framework grid in Quart."""

from __future__ import annotations

import asyncio

from quart import Quart, Response, jsonify, redirect, request, send_file, session, websocket

from shared_values import PAUSE_SECONDS, PIECES, STATIC, digest, download_path, event

app = Quart(__name__, static_folder=str(STATIC))
app.secret_key = "of the grid"


@app.get("/")
async def page():
    return "hello"


@app.get("/query")
async def query():
    return jsonify(request.args)


@app.get("/items/<int:item>")
async def routing(item):
    return {"item": item}


@app.post("/json")
async def json():
    return {"doubled": [2 * number for number in (await request.get_json())["numbers"]]}


@app.post("/form")
async def form():
    return {"name": (await request.form)["name"]}


@app.post("/upload")
async def upload():
    content = (await request.files)["upload"].read()
    return {"name": (await request.form)["name"], "size": len(content), "sha256": digest(content)}


@app.get("/download")
async def download():
    return await send_file(download_path(), as_attachment=True, attachment_filename="a.bin")


async def slowly(pieces):
    for piece in pieces:
        yield piece.encode()
        await asyncio.sleep(PAUSE_SECONDS)


@app.get("/stream")
async def stream():
    return Response(slowly(f"piece {number}\n" for number in range(PIECES)), mimetype="text/plain")


@app.get("/sse")
async def sse():
    response = Response(slowly(event(number) for number in range(5)), mimetype="text/event-stream")
    response.timeout = None
    return response


@app.get("/cookie")
async def cookie():
    response = jsonify(request.cookies)
    response.set_cookie("flavour", "oat", httponly=True)
    response.set_cookie("size", "big")
    return response


@app.get("/redirect")
async def moved():
    return redirect("/")


@app.get("/error")
async def error():
    raise RuntimeError("an error of the application")


@app.get("/session")
async def counter():
    session["visits"] = session.get("visits", 0) + 1
    return {"visits": session["visits"]}


@app.websocket("/ws")
async def ws():
    await websocket.accept(subprotocol="chat.v2" if "chat.v2" in websocket.requested_subprotocols else None)
    while (message := await websocket.receive()) != "close":
        await websocket.send(message)
    await websocket.close(4001, "over")
