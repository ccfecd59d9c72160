"""How far a WSGI response is."""

from __future__ import annotations

from enum import Enum


class ResponsePhase(Enum):
    UNSTARTED = ("unstarted", False, False)
    # The head is known and not sent.
    STARTED = ("started", False, False)
    SENDING = ("sending", True, False)
    ENDED = ("ended", True, True)
    # Ended: the gateway sends its page of a 500 in place of a response.
    FAILED = ("failed", True, True)
    # Ended because the client went.
    GONE = ("gone", True, True)
    # The application speaks with the client by itself, and its response is ignored.
    TAKEN_OVER = ("taken over", True, True)

    def __init__(self, title: str, has_begun: bool, is_over: bool) -> None:
        # The client has got something of it.
        self.has_begun = has_begun
        # Nothing more is sent.
        self.is_over = is_over


# Up to Python 3.11 it takes long to look up a member.
UNSTARTED = ResponsePhase.UNSTARTED
STARTED = ResponsePhase.STARTED
SENDING = ResponsePhase.SENDING
ENDED = ResponsePhase.ENDED
FAILED = ResponsePhase.FAILED
GONE = ResponsePhase.GONE
TAKEN_OVER = ResponsePhase.TAKEN_OVER
