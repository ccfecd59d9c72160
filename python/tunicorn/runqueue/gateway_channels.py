"""A worker's channels: one to each gateway that it has met and that lives."""

from __future__ import annotations

from typing import Dict, List, Optional, Type

from tunicorn.runqueue.channel import Channel, ChannelLost
from tunicorn.runqueue.channel_socket import channel_socket_path, ended_gateways
from tunicorn.runqueue.claims_board import ClaimSlot
from tunicorn.worker import forked_copy


class GatewayChannels:
    def __init__(
        self,
        runtime_dir: str,
        slot: int,
        pid: int,
        generation: int,
        claim: ClaimSlot,
        kind: Type[Channel] = Channel,
    ) -> None:
        self._runtime_dir = runtime_dir
        self._slot = slot
        self._pid = pid
        self._generation = generation
        self._claim = claim
        self._kind = kind
        self._channels: Dict[int, Channel] = {}
        forked_copy.keep_connection(self._descriptors)
        forked_copy.in_copy(self._become_copy)

    def _descriptors(self) -> List[int]:
        return [channel.fileno() for channel in self._channels.values() if not channel.is_lost]

    def _become_copy(self) -> None:
        for channel in self._channels.values():
            channel.become_copy()

    def channel(self, gateway: int) -> Optional[Channel]:
        """The channel to that gateway, connected when need be; None when the gateway is gone, and with it its
        clients.
        """
        known = self._channels.get(gateway)
        if known is not None and not known.is_lost:
            return known
        return self.connect(gateway)

    def connect(self, gateway: int) -> Optional[Channel]:
        self._drop_ended()
        path = channel_socket_path(self._runtime_dir, gateway)
        try:
            identity = {"slot": self._slot, "pid": self._pid, "generation": self._generation}
            channel = self._kind.connect(path, self._claim, **identity)
        except ChannelLost:
            self._channels.pop(gateway, None)
            return None
        self._channels[gateway] = channel
        return channel

    def shut_down(self) -> None:
        for channel in list(self._channels.values()):
            channel.shut_down()

    def _drop_ended(self) -> None:
        """No ticket names those gateways again, so nobody else would notice that their channels have ended."""
        for gateway in ended_gateways(self._runtime_dir, self._channels):
            channel = self._channels.pop(gateway)
            # The socket of a lost one may belong to a tunnel.
            if not channel.is_lost:
                channel.close()
