"""Hides a running event loop from a WSGI application that is called inside it, as Tornado's WSGIContainer does. Where a
loop is running, Django refuses to use its database, and asyncio.run() refuses to run.
"""

from __future__ import annotations

from asyncio import events
from typing import Any, Callable, Iterable, Iterator, TypeVar

_T = TypeVar("_T")


def outside_loop(app: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
    return lambda environ, start_response: _Body(_hidden(lambda: app(environ, start_response)))


class _Body:
    def __init__(self, body: Iterable[bytes]) -> None:
        self._body = body
        self._pieces: Iterator[bytes] = _hidden(lambda: iter(body))

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return _hidden(lambda: next(self._pieces))

    def close(self) -> None:
        close: Any = getattr(self._body, "close", None)
        if close is not None:
            _hidden(close)


def _hidden(step: Callable[[], _T]) -> _T:
    loop = events._get_running_loop()
    events._set_running_loop(None)
    try:
        return step()
    finally:
        events._set_running_loop(loop)
