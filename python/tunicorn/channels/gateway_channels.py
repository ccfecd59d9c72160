"""The channels of one request slot: one to each living gateway that it has had tickets from."""

from __future__ import annotations

from typing import Callable, Dict, Generic, List, Optional, Protocol, TypeVar

from tunicorn.channels.channel_socket import ChannelLost, channel_socket_path, ended_gateways
from tunicorn.process import forked_copy


class PooledChannel(Protocol):
    is_lost: bool

    def fileno(self) -> int: ...

    def become_copy(self) -> None: ...

    def shut_down(self) -> None: ...

    def close(self) -> None: ...


_Channel = TypeVar("_Channel", bound=PooledChannel)


class GatewayChannels(Generic[_Channel]):
    def __init__(self, runtime_dir: str, connect: Callable[[str], _Channel]) -> None:
        """`connect` creates a channel to the path of a gateway's socket, or raises ChannelLost."""
        self._runtime_dir = runtime_dir
        self._connect = connect
        self._channels: Dict[int, _Channel] = {}
        forked_copy.keep_connection(self._descriptors)
        forked_copy.in_copy(self._become_copy)

    def channel(self, gateway: int) -> Optional[_Channel]:
        """The channel to that gateway, connected if necessary; None if the gateway, and so its clients, are gone.
        """
        known = self._channels.get(gateway)
        if known is not None and not known.is_lost:
            return known
        return self.connect(gateway)

    def connect(self, gateway: int) -> Optional[_Channel]:
        self._drop_ended()
        try:
            channel = self._connect(channel_socket_path(self._runtime_dir, gateway))
        except ChannelLost:
            self._channels.pop(gateway, None)
            return None
        self._channels[gateway] = channel
        return channel

    def shut_down(self) -> None:
        for channel in list(self._channels.values()):
            channel.shut_down()

    def _drop_ended(self) -> None:
        """No later ticket names these gateways, so their channels would stay open."""
        for gateway in ended_gateways(self._runtime_dir, self._channels):
            channel = self._channels.pop(gateway)
            # The socket of a lost channel may belong to a tunnel.
            if not channel.is_lost:
                channel.close()

    def _descriptors(self) -> List[int]:
        return [channel.fileno() for channel in self._channels.values() if not channel.is_lost]

    def _become_copy(self) -> None:
        for channel in self._channels.values():
            channel.become_copy()
