"""The channels of one request slot: one to each living gateway that it has had tickets from."""

from __future__ import annotations

from typing import Callable, Dict, Generic, List, Optional, Protocol, TypeVar

from tunicorn.channels.answer_pipe import AnswerPipe, AnswerPipes
from tunicorn.channels.channel_socket import ChannelLost, channel_socket_path, ended_gateways
from tunicorn.process import forked_copy


class PooledChannel(Protocol):
    is_lost: bool
    pipe: Optional[AnswerPipe]

    def connect(self) -> None: ...

    def fileno(self) -> int: ...

    def become_copy(self) -> None: ...

    def shut_down(self) -> None: ...

    def close(self) -> None: ...


_Channel = TypeVar("_Channel", bound=PooledChannel)


class GatewayChannels(Generic[_Channel]):
    def __init__(
        self, runtime_dir: str, pipes: AnswerPipes, prepare: Callable[[str, Optional[AnswerPipe]], _Channel]
    ) -> None:
        """`prepare` creates a channel that connects to the path of a gateway's socket when necessary."""
        self._runtime_dir = runtime_dir
        self._pipes = pipes
        self._prepare = prepare
        self._channels: Dict[int, _Channel] = {}
        forked_copy.keep_connection(self._descriptors)
        forked_copy.in_copy(self._become_copy)

    def channel(self, gateway: int) -> Optional[_Channel]:
        """The channel to that gateway, connected if necessary; None if the gateway, and so its clients, are gone.
        """
        known = self._channels.get(gateway)
        if known is not None and not known.is_lost:
            if known.pipe is None:
                known.pipe = self._pipes.open(gateway)
            return known
        return self._add(gateway)

    def _add(self, gateway: int) -> Optional[_Channel]:
        self._drop_ended()
        pipe = self._pipes.open(gateway)
        channel = self._prepare(channel_socket_path(self._runtime_dir, gateway), pipe)
        if pipe is None:
            # HELLO makes the gateway open its pipe.
            try:
                channel.connect()
            except ChannelLost:
                self._channels.pop(gateway, None)
                return None
        self._channels[gateway] = channel
        return channel

    def shut_down(self, gateway: int) -> None:
        """At the end of the worker. `gateway` waits for an answer that will not come; 0: none does."""
        for number, channel in list(self._channels.items()):
            if number == gateway and channel.fileno() < 0:
                self._give_up(gateway)
            else:
                channel.shut_down()

    def _give_up(self, gateway: int) -> None:
        """A channel that ends shows it to the gateway. Not the ticket's own: its thread may connect that one."""
        channel = self._prepare(channel_socket_path(self._runtime_dir, gateway), None)
        try:
            channel.connect()
        except ChannelLost:
            return
        channel.close()

    def _drop_ended(self) -> None:
        """No later ticket names these gateways, so their channels would stay open."""
        for gateway in ended_gateways(self._runtime_dir, self._channels):
            channel = self._channels.pop(gateway)
            self._pipes.close(gateway)
            # The socket of a lost channel may belong to a tunnel.
            if not channel.is_lost:
                channel.close()

    def _descriptors(self) -> List[int]:
        return [channel.fileno() for channel in self._channels.values() if not channel.is_lost]

    def _become_copy(self) -> None:
        for channel in self._channels.values():
            channel.become_copy()
