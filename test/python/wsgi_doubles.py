"""Applications and bodies for tests of a single WSGI request."""

from __future__ import annotations

from typing import Any

TEXT = [("Content-Type", "text/plain")]


class Closable:
    """An iterable that records whether it was closed, and the bytes sent by then."""

    def __init__(self, items: Any, error: BaseException | None = None) -> None:
        self._items = iter(items)
        self._error = error
        self.closed = 0

    def __iter__(self) -> Closable:
        return self

    def __next__(self) -> bytes:
        item: Any = next(self._items)
        if isinstance(item, BaseException):
            raise item
        if callable(item):
            item = item()
        return item  # type: ignore[no-any-return]

    def close(self) -> None:
        self.closed += 1
        if self._error is not None:
            raise self._error


def hello(environ: Any, start_response: Any) -> Any:
    start_response("200 OK", TEXT)
    return [b"hello"]


def returning(result: Any, status: str = "200 OK", headers: Any = TEXT) -> Any:
    def app(environ: Any, start_response: Any) -> Any:
        start_response(status, headers)
        return result

    return app
