import os
from contextlib import asynccontextmanager

from fastapi import FastAPI, WebSocket


@asynccontextmanager
async def lifespan(app):
    app.state.opened_in = os.getpid()
    yield
    print("closed what was opened in", app.state.opened_in, flush=True)


app = FastAPI(lifespan=lifespan)


@app.get("/orders/{number}")
async def order(number: int, verbose: bool = False):
    return {"number": number, "verbose": verbose, "opened_in": app.state.opened_in, "pid": os.getpid()}


@app.websocket("/echo")
async def echo(socket: WebSocket):
    await socket.accept()
    await socket.send_text("you said " + await socket.receive_text())
    await socket.close()
