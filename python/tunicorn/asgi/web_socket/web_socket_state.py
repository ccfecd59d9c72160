"""The life of one WebSocket of an ASGI application. Pure."""

from __future__ import annotations

from enum import Enum
from typing import Dict

# Events. ACCEPT, DENY: the application's answer to the handshake. FINISH: the application has sent its last message.
# LEAVE: the client has left, or the gateway has answered it. END: the worker sends the last frame.
ACCEPT, DENY, FINISH, LEAVE, END = "accept", "deny", "finish", "leave", "end"


class WebSocketState(Enum):
    CONNECTING = "before it was answered"
    OPEN = "while it is open"
    # The application answers the handshake with its own response, whose exchange knows whether the client has left.
    DENYING = "while it is being denied"
    # The client left before the answer, or later. The application may not have noticed.
    GIVEN_UP = "after the client gave it up"
    CLOSED = "after the client closed it"
    ENDED = "after the worker ended it"
    FINISHED = "after the application closed it"

    def __init__(self, when: str) -> None:
        self.when = when
        # By event; a missing event is illegal in this state.
        self.moves: Dict[str, WebSocketState] = {}


CONNECTING, OPEN, DENYING, GIVEN_UP, CLOSED, ENDED, FINISHED = WebSocketState

CONNECTING.moves.update({ACCEPT: OPEN, DENY: DENYING, FINISH: FINISHED, LEAVE: GIVEN_UP, END: ENDED})
OPEN.moves.update({FINISH: FINISHED, LEAVE: CLOSED, END: ENDED})
DENYING.moves.update({FINISH: FINISHED, LEAVE: DENYING})
GIVEN_UP.moves.update({LEAVE: GIVEN_UP, END: ENDED})
CLOSED.moves.update({LEAVE: CLOSED, END: ENDED})
ENDED.moves.update({LEAVE: ENDED})
FINISHED.moves.update({LEAVE: FINISHED})


def move(state: WebSocketState, event: str) -> WebSocketState:
    """Raises RuntimeError for an event that is illegal in this state."""
    after = state.moves.get(event)
    if after is None:
        raise RuntimeError(f"A WebSocket cannot {event} {state.when}")
    return after


def refusal(state: WebSocketState, kind: str) -> RuntimeError:
    """The error for a message that the application may not send now."""
    return RuntimeError(f"Unexpected ASGI message '{kind}' to a WebSocket {state.when}")
