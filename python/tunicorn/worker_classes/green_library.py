"""What gevent and eventlet do for a worker with green threads, each in its way."""

from __future__ import annotations

from typing import Any, Callable, Protocol, Type

from tunicorn.runqueue.channel import Channel


class GreenLibrary(Protocol):
    channel: Type[Channel]

    def spawn(self, function: Callable[..., Any], *arguments: Any) -> Any: ...

    def throw(self, thread: Any, error: BaseException) -> None: ...

    def watch(self, fd: int, callback: Callable[[], None]) -> Callable[[], None]:
        """Has the hub call back whenever there is something to read, until what is returned is called."""

    def wait_readable(self, fd: int, seconds: float) -> None:
        """Waits so long at most."""

    def is_hub(self, thread: Any) -> bool: ...
