"""The phases of a WSGI response."""

from __future__ import annotations

from enum import Enum


class ResponsePhase(Enum):
    UNSTARTED = ("unstarted", False, False)
    # The head is known but not sent.
    STARTED = ("started", False, False)
    SENDING = ("sending", True, False)
    ENDED = ("ended", True, True)
    # Ended: the gateway sends its 500 page instead of a response.
    FAILED = ("failed", True, True)
    # Ended because the client left.
    GONE = ("gone", True, True)
    # The application talks to the client directly; its response is ignored.
    TAKEN_OVER = ("taken over", True, True)

    def __init__(self, title: str, has_begun: bool, is_over: bool) -> None:
        # The client may have received a part of it.
        self.has_begun = has_begun
        # No more is sent.
        self.is_over = is_over


# Looking up a member is slow up to Python 3.11.
UNSTARTED = ResponsePhase.UNSTARTED
STARTED = ResponsePhase.STARTED
SENDING = ResponsePhase.SENDING
ENDED = ResponsePhase.ENDED
FAILED = ResponsePhase.FAILED
GONE = ResponsePhase.GONE
TAKEN_OVER = ResponsePhase.TAKEN_OVER
