"""A request slot of a worker: runs one request at a time, with its own slot of the claims board and its own channels. A
sync worker has one; the other classes have one for each request that they run concurrently.
"""

from __future__ import annotations

import os
from functools import partial
from typing import List, NamedTuple, Protocol, Tuple, Type

from tunicorn.channels.answer_pipe import AnswerPipes
from tunicorn.channels.channel import Channel
from tunicorn.channels.channel_socket import ChannelIdentity
from tunicorn.channels.gateway_channels import GatewayChannels
from tunicorn.generated_facts import WORKER_CLASSES
from tunicorn.link.worker_settings import WorkerSettings
from tunicorn.process import forked_copy
from tunicorn.runqueue.claim_slot import ClaimSlot, SharedClaimSlot
from tunicorn.runqueue.claims_board import ClaimsBoard


class RequestSlot(NamedTuple):
    claim: ClaimSlot
    channels: GatewayChannels[Channel]


class Connected(Protocol):
    def shut_down(self, gateway: int) -> None: ...


class RequestSlots:
    """All slots of a worker, numbered from 0; on the claims board they follow `first_on_board`."""

    def __init__(self, board: ClaimsBoard, settings: WorkerSettings, first_on_board: int, gateways: List[int]) -> None:
        self._board = board
        self._settings = settings
        self._first_on_board = first_on_board
        self._pid = os.getpid()
        self._kind = ClaimSlot if WORKER_CLASSES[settings.worker_class].concurrency == "one" else SharedClaimSlot
        self._claims: List[ClaimSlot] = []
        self._connected: List[Tuple[ClaimSlot, Connected]] = []
        # For all slots whose requests do not run in threads of their own.
        self.pipes = AnswerPipes(settings.runtime_dir)
        for gateway in gateways:
            self.pipes.make(gateway)
        board.clear(first_on_board, settings.slots)
        forked_copy.in_copy(self._become_copy)

    def __len__(self) -> int:
        return self._settings.slots

    @property
    def claimed_tickets(self) -> int:
        """Number of tickets claimed so far."""
        return sum(claim.taken for claim in self._claims)

    def _become_copy(self) -> None:
        for claim in self._claims:
            claim.become_copy()

    def beat(self) -> None:
        """A sign of life of the worker's event loop."""
        self._claims[0].beat()

    def identity(self, number: int) -> ChannelIdentity:
        return ChannelIdentity(self._first_on_board + number, self._pid, self._settings.generation)

    def claim(self, number: int, thread: int = 0) -> ClaimSlot:
        """The claim of a slot; call it once per slot. `thread` is the `threading.get_ident()` of the only thread that
        uses it, or 0.
        """
        claim = self._board.slot(self._first_on_board + number, self._kind)
        claim.begin(self._pid, thread)
        self._claims.append(claim)
        return claim

    def open(self, number: int, thread: int = 0, kind: Type[Channel] = Channel) -> RequestSlot:
        """The slot with blocking channels."""
        claim = self.claim(number, thread)
        prepare = partial(kind.prepare, claim=claim, identity=self.identity(number))
        # A thread may close its pipe while another one writes.
        pipes = self.pipes if thread == 0 else AnswerPipes(self._settings.runtime_dir)
        channels = GatewayChannels(self._settings.runtime_dir, pipes, prepare)
        self.connected(claim, channels)
        return RequestSlot(claim, channels)

    def connected(self, claim: ClaimSlot, channels: Connected) -> None:
        """Registers the channels of one of these slots."""
        self._connected.append((claim, channels))

    def shut_down(self) -> None:
        """The worker sends no more responses, although its process may take a while to end."""
        for claim, channels in self._connected:
            channels.shut_down(claim.claimed_from)
