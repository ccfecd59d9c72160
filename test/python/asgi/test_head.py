"""The head of an ASGI application's response, which is remembered when it comes again."""

from __future__ import annotations

import unittest
from typing import Any, List, Tuple

import asgi_doubles  # noqa: F401 - puts python/ on sys.path

from tunicorn.asgi.http import head
from tunicorn.asgi.http.head import InvalidResponse, header_lines, response_head

HTML = (b"content-type", b"text/html")


class RepeatedHead(unittest.TestCase):
    def setUp(self) -> None:
        head._known_heads.clear()
        head._line_of_pair.clear()

    def test_a_head_that_comes_again_is_the_same(self) -> None:
        headers = [HTML, (b"content-length", b"5"), (b"connection", b"close"), (b"server", b"x")]
        wanted = (200, b"200 OK\r\ncontent-type: text/html\r\ncontent-length: 5\r\n", 5, True)
        for _ in range(4):
            self.assertEqual(response_head(200, list(headers)), wanted)

    def test_the_status_and_the_order_of_the_headers_count(self) -> None:
        other = (b"x-a", b"1")
        for _ in range(3):
            self.assertEqual(response_head(200, [HTML, other])[1], b"200 OK\r\ncontent-type: text/html\r\nx-a: 1\r\n")
            self.assertEqual(response_head(200, [other, HTML])[1], b"200 OK\r\nx-a: 1\r\ncontent-type: text/html\r\n")
            self.assertEqual(response_head(204, [HTML])[1:3], (b"204 No Content\r\ncontent-type: text/html\r\n", -1))
            self.assertEqual(response_head(205, [])[1:3], (b"205 Reset Content\r\ncontent-length: 0\r\n", 0))

    def test_a_mistake_is_refused_every_time(self) -> None:
        wrong: List[List[Tuple[Any, Any]]] = [
            [(b"content-length", b"1"), (b"content-length", b"1")],
            [(b"x", b"a\r\nb")],
            [("x", b"a")],
        ]
        for headers in wrong:
            for _ in range(3):
                with self.assertRaises(InvalidResponse):
                    response_head(200, headers)

    def test_headers_of_one_client_displace_no_head(self) -> None:
        for number in range(1000):
            response_head(200, [HTML, (b"set-cookie", b"id=%d" % number)])
        self.assertEqual(len(head._known_heads), 0)

    def test_lists_in_place_of_pairs_are_accepted(self) -> None:
        pair: Any = [b"x", b"1"]
        for _ in range(3):
            self.assertEqual(response_head(200, [pair])[1], b"200 OK\r\nx: 1\r\n")

    def test_trailers_and_hints_have_no_content_length(self) -> None:
        for _ in range(3):
            self.assertEqual(header_lines([(b"x", b"1"), (b"content-length", b"5")]), b"x: 1\r\n")
