"""The interface to gevent or eventlet for a worker with green threads."""

from __future__ import annotations

from typing import Any, Callable, Protocol, Type

from tunicorn.channels.channel import Channel


class GreenLibrary(Protocol):
    channel: Type[Channel]

    def spawn(self, function: Callable[..., Any], *arguments: Any) -> Any: ...

    def throw(self, thread: Any, error: BaseException) -> None: ...

    def watch(self, fd: int, callback: Callable[[], None]) -> Callable[[], None]:
        """Makes the hub call back whenever the descriptor is readable. Call the returned function to stop that."""

    def wait_readable(self, fd: int, seconds: float) -> None:
        """Waits for at most `seconds`."""

    def is_hub(self, thread: Any) -> bool: ...
