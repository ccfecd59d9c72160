"""A slot of the claims board, as a worker uses it: the claim of its current request, and the cancel table."""

from __future__ import annotations

from time import monotonic_ns
from typing import Any, Sequence

from tunicorn.process import forked_copy
from tunicorn.runqueue.ticket import TicketError

SLOT_BYTES = 64
# The id in a cancel entry; bit 53, above it, means "unless begun".
_ID_BITS = (1 << 53) - 1

# Words of 8 bytes in a slot.
_CLAIM, _STARTED, _HELD, _GATEWAY, _PID, _TAKEN, _THREAD, _BEAT = range(8)


class ClaimSlot:
    """One slot of a worker (it has one for each concurrent request), and the cancel table.

    The views are cast to 'Q', so an assignment is one aligned 8-byte store, which other processes see atomically.
    `struct` with an explicit byte order would write byte by byte.
    """

    __slots__ = ("_slot", "cancels")

    def __init__(self, slot: memoryview, cancels: memoryview) -> None:
        self._slot = slot
        # The cancel table. Once `has_left` has been called for a ticket, its entry may be compared without a call.
        self.cancels: Sequence[int] = cancels

    @property
    def taken(self) -> int:
        """Tickets claimed since the worker took over the slot."""
        return self._slot[_TAKEN]  # type: ignore[no-any-return, unused-ignore]

    @property
    def claimed_from(self) -> int:
        """The gateway whose ticket is claimed; 0 if none is."""
        return self._slot[_GATEWAY] if self._slot[_CLAIM] else 0

    def begin(self, pid: int, thread: int = 0) -> None:
        """A worker takes over the slot. Call it once the last claim of a worker that died here has been read.

        `thread` is the `threading.get_ident()` of the thread that runs this slot's requests, if the worker has several.
        """
        slot = self._slot
        slot[_CLAIM] = slot[_STARTED] = slot[_HELD] = slot[_GATEWAY] = slot[_TAKEN] = slot[_BEAT] = 0
        slot[_PID] = pid
        slot[_THREAD] = thread

    def beat(self) -> None:
        """The heartbeat of the worker's event loop; only in the worker's first slot."""
        self._slot[_BEAT] = monotonic_ns()

    def claim(self, ticket_id: int, gateway: int, started_ns: int) -> None:
        # `claim` is written last: a reader that sees the id also sees its gateway and time.
        slot = self._slot
        slot[3] = gateway
        slot[1] = started_ns
        slot[0] = ticket_id
        slot[5] += 1

    def release(self) -> None:
        slot = self._slot
        slot[2] = 0
        slot[0] = 0

    def hold(self) -> None:
        """From now on the request waits for a slow client."""
        self._slot[_HELD] = monotonic_ns()

    def unhold(self) -> None:
        # `started` moves on before `held` is cleared: in between, the request looks younger than it is, not older.
        slot = self._slot
        slot[_STARTED] += monotonic_ns() - slot[_HELD]
        slot[_HELD] = 0

    def has_run_for(self, seconds: float) -> bool:
        """Whether the request has run that long, not counting the time that a client has held it."""
        slot = self._slot
        return slot[_HELD] == 0 and monotonic_ns() - slot[_STARTED] >= seconds * 1e9  # type: ignore[no-any-return, unused-ignore]

    def stream(self) -> None:
        """The response has begun but is not over; the kind of slot decides whether the deadline still applies."""

    def become_copy(self) -> None:
        """Later writes stay in this process, and no ticket is cancelled."""
        self._slot = memoryview(bytearray(SLOT_BYTES)).cast("Q")
        self.cancels = _NoneCancelled()
        self.__class__ = CopiedSharedClaimSlot if isinstance(self, SharedClaimSlot) else CopiedClaimSlot

    def age_seconds(self) -> float:
        """How long the request has been running, not counting the time that a slow client held it."""
        slot = self._slot
        return ((slot[_HELD] or monotonic_ns()) - slot[_STARTED]) / 1e9

    def has_left(self, cancel: int, ticket_id: int) -> bool:
        """Whether the ticket is cancelled, even if only "unless begun"."""
        try:
            return self.cancels[cancel] & _ID_BITS == ticket_id
        except IndexError:
            raise TicketError(f"cancel index is {cancel}; the board has {len(self.cancels)} entries") from None

    def is_cancelled(self, cancel: int, ticket_id: int) -> bool:
        """Whether the ticket is cancelled unconditionally."""
        try:
            return self.cancels[cancel] == ticket_id
        except IndexError:
            raise TicketError(f"cancel index is {cancel}; the board has {len(self.cancels)} entries") from None


class _NoneCancelled(Sequence[int]):
    """The cancel table of a process that the application has forked."""

    def __len__(self) -> int:
        return 0

    def __getitem__(self, index: Any) -> Any:
        return 0


class SharedClaimSlot(ClaimSlot):
    """A slot of a worker that runs concurrent requests. `timeout` does not apply to its streaming responses: an event
    stream may last for hours, and blocks no other request.
    """

    __slots__ = ("_is_streaming",)

    def __init__(self, slot: memoryview, cancels: memoryview) -> None:
        super().__init__(slot, cancels)
        self._is_streaming = False

    def stream(self) -> None:
        if not self._is_streaming:
            super().hold()
            self._is_streaming = True

    def hold(self) -> None:
        if not self._is_streaming:
            super().hold()

    def unhold(self) -> None:
        if not self._is_streaming:
            super().unhold()

    def release(self) -> None:
        # Runs for every request: without super(), which would take as long as the rest.
        slot = self._slot
        slot[2] = 0
        slot[0] = 0
        self._is_streaming = False


class CopiedClaimSlot(ClaimSlot):
    """A slot in a process that the application has forked: it claims nothing, and ends with the request."""

    __slots__ = ()

    def begin(self, pid: int, thread: int = 0) -> None:
        """Does nothing: the board belongs to the worker."""

    def release(self) -> None:
        forked_copy.end_copy()


class CopiedSharedClaimSlot(SharedClaimSlot):
    __slots__ = ()

    begin = CopiedClaimSlot.begin
    release = CopiedClaimSlot.release
