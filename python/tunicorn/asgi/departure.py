"""Whether an application's exception only means that the client has left."""

from __future__ import annotations

from tunicorn.channels.client_gone import ClientGone

# Exceptions of Starlette, werkzeug, Django and Falcon, which need not be installed. They are raised after `send` has
# raised an OSError, or `receive` has returned a disconnect.
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
    # The members of an ExceptionGroup, as task groups raise; Python 3.9 does not have it.
    members = getattr(error, "exceptions", None)
    if isinstance(members, (tuple, list)) and members:
        return all(isinstance(each, BaseException) and is_departure(each) for each in members)
    return any(kind.__name__ in _NAMES for kind in type(error).__mro__)
