"""A place in a worker: it runs one request at a time, with a slot of the claims board and channels of its own. A worker
of class sync has one place, the others have one for each request that they run at once.
"""

from __future__ import annotations

from typing import List, NamedTuple, Protocol, Type

from tunicorn.runqueue.channel import Channel
from tunicorn.runqueue.claims_board import ClaimsBoard, ClaimSlot, SharedClaimSlot
from tunicorn.runqueue.gateway_channels import GatewayChannels
from tunicorn.worker import forked_copy
from tunicorn.worker.worker_settings import WorkerSettings


class Place(NamedTuple):
    claim: ClaimSlot
    channels: GatewayChannels


class Connected(Protocol):
    def shut_down(self) -> None: ...


class Places:
    """All places of a worker, numbered from 0."""

    def __init__(
        self, board: ClaimsBoard, settings: WorkerSettings, first_slot: int, gateways: List[int], pid: int
    ) -> None:
        self._board = board
        self._settings = settings
        self._first_slot = first_slot
        self._gateways = gateways
        self._pid = pid
        self._kind = ClaimSlot if settings.worker_class == "sync" else SharedClaimSlot
        self._claims: List[ClaimSlot] = []
        self._connected: List[Connected] = []
        board.clear(first_slot, settings.slots)
        forked_copy.in_copy(self._become_copy)

    def __len__(self) -> int:
        return self._settings.slots

    @property
    def taken(self) -> int:
        """Tickets that have been claimed in them so far."""
        return sum(claim.taken for claim in self._claims)

    def _become_copy(self) -> None:
        for claim in self._claims:
            claim.become_copy()

    def beat(self) -> None:
        """A sign of life of the worker's event loop."""
        self._claims[0].beat()

    def slot(self, number: int) -> int:
        """Of the claims board."""
        return self._first_slot + number

    def claim(self, number: int, thread: int = 0) -> ClaimSlot:
        """The claim of a place, for the caller's use, once. `thread` is the `threading.get_ident()` of the only thread
        that will use it, or 0.
        """
        claim = self._board.slot(self.slot(number), self._kind)
        claim.begin(self._pid, thread)
        self._claims.append(claim)
        return claim

    def open(self, number: int, thread: int = 0, kind: Type[Channel] = Channel) -> Place:
        """The place with channels that it may wait for. Those to the gateways that are known now are connected."""
        settings = self._settings
        claim = self.claim(number, thread)
        channels = GatewayChannels(
            settings.runtime_dir, self.slot(number), self._pid, settings.generation, claim, kind
        )
        for gateway in self._gateways:
            channels.connect(gateway)
        self.connected(channels)
        return Place(claim, channels)

    def connected(self, channels: Connected) -> None:
        """Of one of these places."""
        self._connected.append(channels)

    def shut_down(self) -> None:
        """The worker answers nothing any more, although its process may need a while to end."""
        for channels in self._connected:
            channels.shut_down()
