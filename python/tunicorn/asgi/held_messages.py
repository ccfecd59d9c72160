"""How much a worker holds of WebSocket messages that its application has not received, over all of its WebSockets.

Each of them may be as long as `websocket_max_message_size`, and an application that is busy elsewhere receives none.
When there is too much, no channel is read any further, and the gateway keeps what comes, charged to `gateway_memory`;
but for one channel at a time whose application waits for a message, so that it always gets one.
"""

from __future__ import annotations

from typing import Dict, Optional, Protocol

LIMIT_BYTES = 64 * 1024 * 1024


class Holder(Protocol):
    @property
    def is_wanting(self) -> bool:
        """Its application waits, and there is nothing for it."""
        ...

    def resume(self) -> None:
        """Its channel may be read; `admits` is asked again before each read."""
        ...


class HeldMessages:
    def __init__(self, limit_bytes: int = LIMIT_BYTES) -> None:
        self._limit_bytes = limit_bytes
        self.bytes = 0
        # Those whose channels have something to read, the longest waiting first.
        self._line: Dict[Holder, None] = {}
        # The one that may be read although there is too much.
        self._chosen: Optional[Holder] = None

    def admits(self, holder: Holder) -> bool:
        """Before each read of its channel. If not, the channel is to be paused until `resume`."""
        if self.bytes <= self._limit_bytes or self._chosen is holder:
            return True
        self._line[holder] = None
        self.look()
        return self._chosen is holder

    def add(self, count: int) -> None:
        """Bytes that are held now and were not before; negative for bytes that are held no longer."""
        self.bytes += count
        if count < 0 and self._line:
            self.look()

    def served(self, holder: Holder) -> None:
        """It has got a message, or will get none."""
        self._line.pop(holder, None)
        if self._chosen is holder:
            self._chosen = None
        self.look()

    def look(self) -> None:
        """Whether somebody in the line may be read now."""
        # At half of the limit: with room for a byte, all of them would be woken for each message.
        if self._line and self.bytes <= self._limit_bytes // 2:
            line, self._line = self._line, {}
            for holder in line:
                holder.resume()
        elif self._line and self._chosen is None:
            self._chosen = next((holder for holder in self._line if holder.is_wanting), None)
            if self._chosen is not None:
                del self._line[self._chosen]
                self._chosen.resume()
