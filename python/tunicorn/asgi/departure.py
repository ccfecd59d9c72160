"""Whether an application's exception only means that the client has left."""

from __future__ import annotations

from tunicorn.runqueue.client_gone import ClientGone

# Of Starlette, werkzeug, Django and Falcon, which need not be installed here. They raise them where `send` raised an
# OSError, or `receive` gave a disconnect.
_NAMES = frozenset(
    (
        "ClientDisconnect",
        "ClientDisconnected",
        "RequestAborted",
        "WebSocketDisconnect",
        "WebSocketDisconnected",
    )
)


def is_departure(error: BaseException) -> bool:
    if isinstance(error, OSError) or isinstance(error.__cause__, ClientGone):
        return True
    # Of an ExceptionGroup, which Python 3.9 does not have, and task groups make.
    members = getattr(error, "exceptions", None)
    if isinstance(members, (tuple, list)) and members:
        return all(isinstance(each, BaseException) and is_departure(each) for each in members)
    return any(kind.__name__ in _NAMES for kind in type(error).__mro__)
