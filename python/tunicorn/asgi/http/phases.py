"""The phases of an HTTP response, in their order. STARTED: the head is known and not sent. TRAILING: the body is
complete, trailers follow.
"""

from __future__ import annotations

UNSTARTED, STARTED, SENDING, TRAILING, ENDED = range(5)
