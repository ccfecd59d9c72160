"""The life of one HTTP exchange: the progress of its response, and whether the client is still there. Pure."""

from __future__ import annotations

from enum import Enum
from typing import Dict

# Events. START: the application has sent the head. PIECE: body, with more to come. TRAIL: the body is complete, and
# trailers follow. END: the last frame is written. LEAVE: the client has left, or the gateway has answered it.
START, PIECE, TRAIL, END, LEAVE = "start", "piece", "trail", "end", "leave"


class ResponseState(Enum):
    """Compare members with `is`: hashing one runs Python code. On the hot path, read `moves` or the attributes."""

    UNSTARTED = "unstarted"
    # The head is known but not sent.
    STARTED = "started"
    SENDING = "sending"
    TRAILING = "trailing"
    # The client left before the head was sent, or later. The application may not have noticed.
    LEFT_EARLY = "left before the head"
    LEFT_LATE = "left during the response"
    ENDED = "ended"
    # Ended, after the client had left.
    ABANDONED = "abandoned"

    def __init__(self, words: str) -> None:
        self.head_is_sent = words not in ("unstarted", "started", "left before the head")
        self.is_gone = words in ("left before the head", "left during the response", "abandoned")
        self.is_over = words in ("ended", "abandoned")
        # By event; a missing event is illegal in this state.
        self.moves: Dict[str, ResponseState] = {}


# Module-level names: looking up a member on the class is slow before Python 3.12.
UNSTARTED, STARTED, SENDING, TRAILING, LEFT_EARLY, LEFT_LATE, ENDED, ABANDONED = ResponseState

UNSTARTED.moves.update({START: STARTED, END: ENDED, LEAVE: LEFT_EARLY})
STARTED.moves.update({PIECE: SENDING, END: ENDED, LEAVE: LEFT_EARLY})
SENDING.moves.update({PIECE: SENDING, TRAIL: TRAILING, END: ENDED, LEAVE: LEFT_LATE})
TRAILING.moves.update({END: ENDED, LEAVE: LEFT_LATE})
LEFT_EARLY.moves.update({END: ABANDONED})
LEFT_LATE.moves.update({END: ABANDONED})


class IllegalMove(RuntimeError):
    """The application has sent a message that the ASGI specification does not allow here."""


def move(state: ResponseState, event: str) -> ResponseState:
    """Raises IllegalMove, whose text the application sees."""
    after = state.moves.get(event)
    if after is None:
        raise refusal(state, event)
    return after


def refusal(state: ResponseState, event: str) -> IllegalMove:
    if event == START:
        return IllegalMove("Unexpected ASGI message 'http.response.start': the response has begun already")
    when = "before 'http.response.start'" if state is UNSTARTED else "after the response was complete"
    return IllegalMove(f"Unexpected ASGI message 'http.response.body' {when}")
