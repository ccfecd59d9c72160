"""The client's connection as a Tornado stream, for a handler that takes it over. Imported only where Tornado is
installed.
"""

from __future__ import annotations

from typing import Any, Callable

from tornado.iostream import IOStream


class TunnelStream(IOStream):  # type: ignore[misc, unused-ignore]
    def __init__(self, raw: Any, released: Callable[[], None]) -> None:
        super().__init__(raw)
        self._released = released

    def close_fd(self) -> None:
        super().close_fd()
        self._released()
