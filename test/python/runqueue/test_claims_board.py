"""The worker's slot on the claims board, as another process reads it."""

from __future__ import annotations

import time
import unittest
from unittest import mock

from gateway_double import CANCELS, UNLESS_BEGUN, WORKERS, WorkerSideTest

from tunicorn.runqueue.claim_slot import ClaimSlot
from tunicorn.runqueue.claims_board import BoardError, ClaimsBoard
from tunicorn.runqueue.ticket import TicketError


class RecordingSlot(list):  # type: ignore[type-arg]
    """A slot that records the order in which words are stored."""

    def __init__(self) -> None:
        super().__init__([0] * 8)
        self.stores: list[tuple[int, int]] = []

    def __setitem__(self, index: int, value: int) -> None:  # type: ignore[override]
        self.stores.append((index, value))
        super().__setitem__(index, value)


class Slot(WorkerSideTest):
    def test_claim_and_release_are_seen_through_the_file(self) -> None:
        self.claim.begin(4242)
        self.claim.claim(77, 5, 123)
        claimed = {"claim": 77, "started": 123, "held": 0, "gateway": 5, "pid": 4242, "taken": 1}
        self.assertEqual(self.board.slot(1), claimed)
        self.claim.release()
        self.assertEqual(self.board.slot(1), {**claimed, "claim": 0})
        self.assertEqual(self.board.slot(0), dict.fromkeys(claimed, 0))

    def test_taken_counts_claims_and_begin_starts_it_again(self) -> None:
        for ticket_id in (1, 2, 3):
            self.claim.claim(ticket_id, 0, 0)
        self.assertEqual(self.claim.taken, 3)
        self.claim.begin(1)
        self.assertEqual(self.claim.taken, 0)
        self.assertEqual(self.board.slot(1)["claim"], 0)

    def test_claim_stores_the_id_after_gateway_and_start(self) -> None:
        words = RecordingSlot()
        ClaimSlot(words, []).claim(77, 5, 123)  # type: ignore[arg-type]
        self.assertEqual(words.stores[:3], [(3, 5), (1, 123), (0, 77)])

    def test_release_stores_held_before_claim(self) -> None:
        words = RecordingSlot()
        ClaimSlot(words, []).release()  # type: ignore[arg-type]
        self.assertEqual(words.stores, [(2, 0), (0, 0)])

    def test_unhold_moves_started_on_by_the_time_held_before_it_clears_held(self) -> None:
        words = RecordingSlot()
        slot = ClaimSlot(words, [])  # type: ignore[arg-type]
        slot.claim(77, 5, 1000)
        words.stores.clear()
        with mock.patch("tunicorn.runqueue.claim_slot.monotonic_ns", side_effect=[5000, 5300]):
            slot.hold()
            slot.unhold()
        self.assertEqual(words.stores, [(2, 5000), (1, 1300), (2, 0)])

    def test_hold_notes_the_monotonic_clock(self) -> None:
        before = time.monotonic_ns()
        self.claim.hold()
        self.assertTrue(before <= self.board.slot(1)["held"] <= time.monotonic_ns())

    def test_is_cancelled_only_for_the_ticket_in_the_entry(self) -> None:
        self.assertFalse(self.claim.is_cancelled(3, 77))
        self.board.cancel(3, 77)
        self.assertTrue(self.claim.is_cancelled(3, 77))
        self.assertFalse(self.claim.is_cancelled(3, 78))
        self.assertFalse(self.claim.is_cancelled(2, 77))
        self.board.cancel(3, 0)
        self.assertFalse(self.claim.is_cancelled(3, 77))

    def test_has_left_whether_the_ticket_is_cancelled_or_only_unless_begun(self) -> None:
        for ticket_id in (77, (1 << 53) - 1):
            self.assertFalse(self.claim.has_left(3, ticket_id))
            for entry, is_cancelled in ((ticket_id, True), (ticket_id | UNLESS_BEGUN, False)):
                self.board.cancel(3, entry)
                self.assertTrue(self.claim.has_left(3, ticket_id))
                self.assertEqual(self.claim.is_cancelled(3, ticket_id), is_cancelled)
                self.assertFalse(self.claim.has_left(3, ticket_id - 1))
                self.assertFalse(self.claim.has_left(2, ticket_id))

    def test_has_left_refuses_an_index_beyond_the_table(self) -> None:
        self.assertFalse(self.claim.has_left(CANCELS - 1, 77))
        with self.assertRaisesRegex(TicketError, f"cancel index is {CANCELS}; the board has {CANCELS}"):
            self.claim.has_left(CANCELS, 77)

    def test_is_cancelled_refuses_an_index_beyond_the_table(self) -> None:
        self.assertFalse(self.claim.is_cancelled(CANCELS - 1, 77))
        with self.assertRaisesRegex(TicketError, f"cancel index is {CANCELS}; the board has {CANCELS}"):
            self.claim.is_cancelled(CANCELS, 77)

    def test_a_slot_that_the_board_lacks_is_refused(self) -> None:
        board = ClaimsBoard.open(self.board.path)
        for number in (-1, WORKERS):
            with self.subTest(number=number), self.assertRaisesRegex(BoardError, f"no slot {number}"):
                board.slot(number)


if __name__ == "__main__":
    unittest.main()
