"""The WebSocket messages that a worker holds: when a channel may be read, and which one is next."""

from __future__ import annotations

import unittest

import gateway_double  # noqa: F401 - puts python/ on sys.path

from tunicorn.asgi.held_messages import HeldMessages


class Holder:
    def __init__(self, is_wanting: bool = False) -> None:
        self.is_wanting = is_wanting
        self.resumed = 0

    def resume(self) -> None:
        self.resumed += 1


class Messages(unittest.TestCase):
    def setUp(self) -> None:
        self.held = HeldMessages(100)

    def test_up_to_the_limit_every_channel_is_read(self) -> None:
        self.held.add(100)
        self.assertTrue(self.held.admits(Holder()))

    def test_beyond_it_none_is_read_whose_application_does_not_wait(self) -> None:
        self.held.add(101)
        holder = Holder()
        self.assertFalse(self.held.admits(holder))
        self.held.add(-10)
        self.assertEqual(holder.resumed, 0)
        self.held.add(-41)
        self.assertEqual(holder.resumed, 1)

    def test_beyond_it_those_whose_applications_wait_are_read_one_after_the_other(self) -> None:
        self.held.add(101)
        first, second = Holder(True), Holder(True)
        self.assertTrue(self.held.admits(first))
        self.assertFalse(self.held.admits(second))
        self.assertTrue(self.held.admits(first))
        self.held.served(first)
        self.assertEqual(second.resumed, 1)
        self.assertTrue(self.held.admits(second))

    def test_one_whose_application_begins_to_wait_is_read_then(self) -> None:
        self.held.add(101)
        holder = Holder()
        self.assertFalse(self.held.admits(holder))
        holder.is_wanting = True
        self.held.look()
        self.assertEqual(holder.resumed, 1)
        self.assertTrue(self.held.admits(holder))

    def test_one_that_has_ended_waits_no_more_and_lets_the_next_one_in(self) -> None:
        self.held.add(101)
        chosen, ended, last = Holder(True), Holder(True), Holder(True)
        for holder in (chosen, ended, last):
            self.held.admits(holder)
        self.held.served(ended)
        self.held.served(chosen)
        self.assertEqual([ended.resumed, last.resumed], [0, 1])


if __name__ == "__main__":
    unittest.main()
