"""Details of the worker's ticket decoder that the shared vectors do not cover."""

from __future__ import annotations

import struct
import unittest

import gateway_double  # noqa: F401 - puts python/ on sys.path

from tunicorn.runqueue.ticket import Ticket, TicketError, decode, parse_fields


def packed(fields: bytes, body: bytes = b"", ticket_id: int = 1) -> bytearray:
    used = 32 + len(fields) + len(body)
    header = struct.pack("<IBBHQIIII", used, 1, 0, 0, ticket_id, 2, 3, len(fields), len(body))
    return bytearray((header + fields + body).ljust(4096, b"\0"))


class Decode(unittest.TestCase):
    def test_the_ticket_keeps_nothing_of_the_buffer(self) -> None:
        buffer = packed(b"A\0b", b"body")
        ticket = decode(buffer)
        buffer[:] = bytes(4096)
        self.assertEqual(ticket, Ticket(1, 0, 1, 2, 3, 3, 4, {"A": "b"}, b"body"))
        self.assertIs(type(ticket.body), bytes)

    def test_refuses_id_0_which_means_no_ticket_on_the_board(self) -> None:
        with self.assertRaisesRegex(TicketError, "id is 0"):
            decode(packed(b"A\0b", ticket_id=0))

    def test_refuses_a_name_without_a_value(self) -> None:
        with self.assertRaisesRegex(TicketError, "pairs"):
            decode(packed(b"A\0b\0C"))

    def test_refuses_a_buffer_of_another_size(self) -> None:
        for size in (0, 31, 4095, 4097):
            with self.subTest(size=size), self.assertRaisesRegex(TicketError, f"{size} bytes"):
                decode(bytearray(size))

    def test_parse_fields_of_nothing_is_an_empty_dictionary(self) -> None:
        self.assertEqual(parse_fields(b""), {})


if __name__ == "__main__":
    unittest.main()
