"""The setting max_requests: when a worker asks for a successor, and when it stops taking requests. Pure."""

from __future__ import annotations

import sys

GO_ON, ASK, STOP = "go on", "ask for a successor", "stop"


class RequestBudget:
    """Asks for a successor when the remaining requests would last about as long as a worker takes to boot."""

    __slots__ = ("_boot_seconds", "_has_asked", "_limit", "_looks_at", "_since", "_taken", "_taken_then")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._taken = self._taken_then = 0
        self._boot_seconds = self._since = 0.0
        self._has_asked = False
        self._looks_at = max(1, limit // 2)

    @property
    def is_limited(self) -> bool:
        return self._limit < sys.maxsize

    def start(self, boot_seconds: float, now: float) -> None:
        """The worker is ready; its boot took `boot_seconds`."""
        self._boot_seconds = boot_seconds
        self._since = now

    def took(self, now: float) -> str:
        """The worker has taken a request."""
        self._taken += 1
        taken = self._taken
        if taken >= self._limit:
            return STOP
        if self._has_asked or taken < self._looks_at:
            return GO_ON
        left = self._limit - taken
        seconds_left = left * (now - self._since) / (taken - self._taken_then)
        if seconds_left > 2 * self._boot_seconds:
            # Decide later, by the rate until then: requests may become more frequent.
            self._since, self._taken_then = now, taken
            self._looks_at = taken + max(1, left // 2)
            return GO_ON
        self._has_asked = True
        return ASK
