"""Splits the data of a channel into frames; src/runqueue/channel-decoder.ts is the gateway's half."""

from __future__ import annotations

from tunicorn.channels.channel_frame import (
    HEADER_BYTES,
    MESSAGE,
    GatewayFrame,
    check_gateway_header,
    unpack_header_from,
)


class FrameReader:
    """Splits the data of a channel into frames. The caller must ignore frames for a ticket that is over: the gateway
    may have sent them before it read END.
    """

    __slots__ = ("_wanted", "kept")

    def __init__(self) -> None:
        # The beginning of an incomplete frame.
        self.kept = bytearray()
        self._wanted = HEADER_BYTES

    def feed(self, data: bytes) -> list[GatewayFrame]:
        """Returns the frames that are complete now."""
        kept = self.kept
        if kept:
            kept += data
            if len(kept) < self._wanted:
                return []
            data = bytes(kept)
            kept.clear()
        frames: list[GatewayFrame] = []
        at = 0
        size = len(data)
        while size - at >= HEADER_BYTES:
            length, kind, flags, status, ticket_id = unpack_header_from(data, at)
            if kind != MESSAGE or length < HEADER_BYTES:
                check_gateway_header(length, kind, flags)
            end = at + length
            if end > size:
                self._keep(data, at, length)
                return frames
            frames.append(GatewayFrame(kind, flags, status, ticket_id, data[at + HEADER_BYTES : end]))
            at = end
        if at < size:
            self._keep(data, at, HEADER_BYTES)
        return frames

    def _keep(self, data: bytes, at: int, wanted: int) -> None:
        self.kept += memoryview(data)[at:]
        self._wanted = wanted
