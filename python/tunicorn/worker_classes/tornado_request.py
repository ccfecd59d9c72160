"""One request for a Tornado application, in the role of the connection of Tornado's HTTP server. Imported only where
Tornado is installed.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any, Callable, Deque, Dict, List, Optional, Tuple

from tornado.httputil import HTTPConnection, HTTPHeaders, RequestStartLine
from tornado.iostream import StreamClosedError

from tunicorn.asgi.http.http_exchange import HttpExchange
from tunicorn.channels.client_gone import ClientGone
from tunicorn.worker_classes.tornado_tunnel import TunnelStream

Collecting = Callable[[Callable[[], Any]], Tuple[Any, List["asyncio.Task[Any]"]]]


class Context:
    """The origin of a request, for HTTPServerRequest."""

    def __init__(self, scope: Dict[str, Any]) -> None:
        self.address = scope["client"]
        self.remote_ip = scope["client"][0] if scope["client"] else "0.0.0.0"
        self.protocol = scope["scheme"]

    def __str__(self) -> str:
        return str(self.remote_ip)


class TornadoRequest(HTTPConnection):  # type: ignore[misc, unused-ignore]
    no_keep_alive = False

    def __init__(self, exchange: HttpExchange, scope: Dict[str, Any], is_upgrade: bool) -> None:
        self.context = Context(scope)
        self._exchange = exchange
        self._scope = scope
        self._is_upgrade = is_upgrade
        self._loop = asyncio.get_running_loop()
        # Written by the handler and not yet taken by the channel; None marks the end.
        self._outbox: Deque[Optional[Tuple[Dict[str, Any], asyncio.Future[None]]]] = deque()
        self._close_callback: Optional[Callable[[], None]] = None
        self._handler: Optional[asyncio.Task[Any]] = None
        self._is_closed = False
        # The head of a 101 response, which precedes detach().
        self._switching = b""
        self._woken: asyncio.Future[None] = self._loop.create_future()

    # For the worker

    async def run(self, start_request: Callable[[Any, Any], Any], collecting: Collecting) -> None:
        watching: Optional[asyncio.Task[Any]] = None
        try:
            await self._feed(start_request(self, self), collecting)
            while True:
                if await self._deliver() or self._exchange.state.is_over:
                    return
                handler = self._handler
                if handler is not None and handler.done() and (handler.cancelled() or handler.exception() is not None):
                    # Nothing else would send a response. Tornado's own handlers turn their exceptions into one.
                    handler.result()
                if watching is None and not self._is_upgrade:
                    watching = asyncio.ensure_future(self._exchange.receive())
                    watching.add_done_callback(lambda _: self._wake())
                if not self._outbox:
                    await self._woken
                self._woken = self._loop.create_future()
                if self._exchange.is_gone:
                    self._closed()
                    return
        finally:
            if watching is not None:
                watching.cancel()
            self._give_up()

    async def _feed(self, delegate: Any, collecting: Collecting) -> None:
        scope = self._scope
        query = scope["query_string"].decode("latin-1")
        target = scope["raw_path"].decode("latin-1")
        headers = HTTPHeaders()
        for name, value in scope["headers"]:
            headers.add(name.decode("latin-1"), value.decode("latin-1"))
        line = RequestStartLine(scope["method"], f"{target}?{query}" if query else target, "HTTP/1.1")
        await self._step(lambda: delegate.headers_received(line, headers), collecting)
        more = True
        while more and not self._exchange.state.is_over:
            message = await self._exchange.receive()
            if message["type"] != "http.request":
                delegate.on_connection_close()
                self._closed()
                return
            more = message["more_body"]
            chunk = message["body"]
            if chunk:
                await self._step(lambda chunk=chunk: delegate.data_received(chunk), collecting)  # type: ignore[misc]
        await self._step(delegate.finish, collecting)

    async def _step(self, step: Callable[[], Any], collecting: Collecting) -> None:
        result, begun = collecting(step)
        if begun and self._handler is None:
            # From now on this task's stack is the request's, and the deadline cancels this task.
            self._handler = self._exchange.task = begun[0]
            begun[0].add_done_callback(lambda _: self._wake())
        if result is not None:
            await result

    async def _deliver(self) -> bool:
        """Returns True when the response is complete."""
        outbox = self._outbox
        while outbox:
            item = outbox.popleft()
            if item is None:
                await self._exchange.send({"type": "http.response.body"})
                return True
            message, done = item
            is_body = message["type"] == "http.response.body"
            is_last = is_body and bool(outbox) and outbox[0] is None
            if is_body:
                message["more_body"] = not is_last
            try:
                await self._exchange.send(message)
            except ClientGone:
                _fail(done)
                self._closed()
                return True
            if not done.done():
                done.set_result(None)
            if is_last:
                return True
        return False

    def _closed(self) -> None:
        self._is_closed = True
        callback, self._close_callback = self._close_callback, None
        if callback is not None:
            callback()

    def _give_up(self) -> None:
        self._is_closed = True
        while self._outbox:
            item = self._outbox.popleft()
            if item is not None:
                _fail(item[1])

    def _wake(self) -> None:
        if not self._woken.done():
            self._woken.set_result(None)

    # For Tornado

    def write_headers(self, start_line: Any, headers: Any, chunk: Optional[bytes] = None) -> asyncio.Future[None]:
        if start_line.code == 101 and self._is_upgrade:
            lines = [f"HTTP/1.1 101 {start_line.reason}", *(f"{name}: {value}" for name, value in headers.get_all())]
            self._switching = "".join(f"{line}\r\n" for line in [*lines, ""]).encode("latin-1")
            written: asyncio.Future[None] = self._loop.create_future()
            written.set_result(None)
            return written
        pairs = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.get_all()]
        self._put({"type": "http.response.start", "status": start_line.code, "headers": pairs})
        # The head goes out even without a body: flush() relies on that.
        return self.write(chunk or b"")

    def write(self, chunk: bytes) -> asyncio.Future[None]:
        return self._put({"type": "http.response.body", "body": bytes(chunk)})

    def finish(self) -> None:
        if not self._switching:
            self._outbox.append(None)
            self._wake()

    def set_max_body_size(self, max_body_size: int) -> None:
        """Has no effect, like set_body_timeout: the gateway limits bodies."""

    def set_body_timeout(self, timeout: float) -> None:
        pass

    def set_close_callback(self, callback: Optional[Callable[[], None]]) -> None:
        self._close_callback = callback

    def detach(self) -> TunnelStream:
        """Returns the client's connection, for a handler that speaks WebSocket."""
        if not self._is_upgrade:
            raise RuntimeError("only a WebSocket upgrade request can detach its connection; others share theirs")
        self._close_callback = None
        raw = self._exchange.take_over()
        raw.setblocking(False)
        self._wake()
        stream = TunnelStream(raw, self._exchange.released)
        if self._switching:
            stream.write(self._switching)
        return stream

    def _put(self, message: Dict[str, Any]) -> asyncio.Future[None]:
        done: asyncio.Future[None] = self._loop.create_future()
        if self._is_closed:
            _fail(done)
        else:
            self._outbox.append((message, done))
            self._wake()
        return done


def _fail(done: asyncio.Future[None]) -> None:
    if not done.done():
        done.set_exception(StreamClosedError())
        # Retrieved, so that asyncio does not log it.
        done.exception()
