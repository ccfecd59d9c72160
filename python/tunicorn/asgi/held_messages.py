"""Limits the WebSocket messages that a worker holds for its application, over all of its WebSockets.

Each message may be as long as `websocket_max_message_size`, and a busy application receives none. Above the limit the
worker stops reading channels, and the gateway keeps new messages, charged to `gateway_memory`. Only one channel at a
time, whose application waits for a message, is still read, so that application always gets one.
"""

from __future__ import annotations

from typing import Dict, Optional, Protocol

LIMIT_BYTES = 64 * 1024 * 1024


class Holder(Protocol):
    @property
    def is_wanting(self) -> bool:
        """Its application waits for a message, and none has arrived."""
        ...

    def resume(self) -> None:
        """The channel may be read again; `admits` is still asked before each read."""
        ...


class HeldMessages:
    def __init__(self, limit_bytes: int = LIMIT_BYTES) -> None:
        self._limit_bytes = limit_bytes
        self.bytes = 0
        # Holders whose channels are readable, the longest waiting first.
        self._line: Dict[Holder, None] = {}
        # The only one that may be read above the limit.
        self._chosen: Optional[Holder] = None

    def admits(self, holder: Holder) -> bool:
        """To be asked before each read of the channel. If False, pause the channel until `resume`."""
        if self.bytes <= self._limit_bytes or self._chosen is holder:
            return True
        self._line[holder] = None
        self.look()
        return self._chosen is holder

    def add(self, count: int) -> None:
        """Adds to the bytes held; negative for bytes that are released."""
        self.bytes += count
        if count < 0 and self._line:
            self.look()

    def served(self, holder: Holder) -> None:
        """The holder has got a message, or will get none."""
        if not self._line and self._chosen is None:
            return
        self._line.pop(holder, None)
        if self._chosen is holder:
            self._chosen = None
        self.look()

    def look(self) -> None:
        """Resumes the holders in the line that may be read now."""
        # Only at half of the limit: otherwise every small release would wake all of them.
        if self._line and self.bytes <= self._limit_bytes // 2:
            line, self._line = self._line, {}
            for holder in line:
                holder.resume()
        elif self._line and self._chosen is None:
            self._chosen = next((holder for holder in self._line if holder.is_wanting), None)
            if self._chosen is not None:
                del self._line[self._chosen]
                self._chosen.resume()
