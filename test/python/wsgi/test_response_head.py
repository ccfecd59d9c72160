"""The arguments of start_response: which are refused, dropped, or kept."""

from __future__ import annotations

import unittest
from typing import Any

import gateway_double  # noqa: F401 - puts python/ on sys.path

from tunicorn.wsgi import response_head as module
from tunicorn.wsgi.response_head import InvalidResponse, hint_lines, response_head


def head(status: Any, headers: Any = ()) -> str:
    return response_head(status, headers).head.decode("latin-1")


class Status(unittest.TestCase):
    def test_gives_the_code_and_the_line(self) -> None:
        self.assertEqual(response_head("404 Not Found", []).status, 404)
        self.assertEqual(head("404 Not Found"), "404 Not Found\r\n")

    def test_keeps_the_space_when_no_reason_follows(self) -> None:
        self.assertEqual(head("200"), "200 \r\n")
        self.assertEqual(head("200 "), "200 \r\n")

    def test_refuses_what_is_not_three_digits_and_a_reason(self) -> None:
        bad = (
            "",
            "OK",
            "20 OK",
            "2000 OK",
            "200OK",
            "099 Low",
            "200 O\nK",
            "200 O\rK",
            "200 \u0394",
            "२०० OK",
            " 200 OK",
        )
        for status in (*bad, b"200 OK", 200, None, ["200 OK"]):
            for _ in range(2):  # again, in case a refused status is remembered
                with self.subTest(status=status), self.assertRaisesRegex(InvalidResponse, "like '200 OK'"):
                    response_head(status, [])  # type: ignore[arg-type]


class Headers(unittest.TestCase):
    def test_keeps_order_case_and_repetition(self) -> None:
        headers = [("X-b", "1"), ("Set-Cookie", "a=1"), ("x-A", "2"), ("Set-Cookie", "b=2"), ("Trailer", "X")]
        self.assertEqual(
            head("200 OK", headers),
            "200 OK\r\nX-b: 1\r\nSet-Cookie: a=1\r\nx-A: 2\r\nSet-Cookie: b=2\r\nTrailer: X\r\n",
        )

    def test_takes_any_iterable_of_pairs(self) -> None:
        self.assertEqual(head("200 OK", iter((["A", "b"],))), "200 OK\r\nA: b\r\n")

    def test_strips_spaces_and_tabs_around_a_value(self) -> None:
        self.assertEqual(head("200 OK", [("A", " \tb \t c\t ")]), "200 OK\r\nA: b \t c\r\n")
        # Unicode's other whitespace characters are text in ISO-8859-1.
        self.assertEqual(head("200 OK", [("A", "\xa0b\x85")]), "200 OK\r\nA: \xa0b\x85\r\n")

    def test_lets_iso_8859_1_through(self) -> None:
        self.assertEqual(head("200 OK", [("A", "\x80\xe9\xff")]), "200 OK\r\nA: \x80\xe9\xff\r\n")

    def test_takes_subclasses_of_str(self) -> None:
        class SafeString(str):
            def __add__(self, other: str) -> str:
                raise AssertionError("not to be used")

        headers = [(SafeString("X-Safe"), SafeString("a"))]
        self.assertEqual(head(SafeString("200 OK"), headers), "200 OK\r\nX-Safe: a\r\n")

    def test_drops_what_is_the_gateways_or_hop_by_hop_in_any_case(self) -> None:
        hop_by_hop = "Connection Keep-Alive Proxy-Authenticate Proxy-Authorization TE Trailers Transfer-Encoding"
        for name in [*hop_by_hop.split(), "Upgrade", "Server", "Date"]:
            with self.subTest(name):
                headers = [(name, "x"), (name.lower(), "x"), (name.upper(), "x"), ("Kept", "y")]
                self.assertEqual(head("200 OK", headers), "200 OK\r\nKept: y\r\n")

    def test_refuses_a_name_that_is_no_token(self) -> None:
        for name in ("", "a b", "a:", "a\r\n", "\xe9", "a\0", "(a)", b"A", 1, None):
            for _ in range(2):
                with self.subTest(name=name), self.assertRaisesRegex(InvalidResponse, "header name is"):
                    response_head("200 OK", [(name, "x")])  # type: ignore[list-item]

    def test_refuses_a_value_with_control_characters_or_beyond_iso_8859_1(self) -> None:
        for value in ("a\nb", "a\r\nSet-Cookie: b", "a\0", "\x7f", "\x1f", "\u0100", b"x", 7, None):
            for name in ("A", "Connection", "Content-Length"):
                with self.subTest(value=value, name=name), self.assertRaisesRegex(InvalidResponse, f"header {name} is"):
                    response_head("200 OK", [(name, value)])  # type: ignore[list-item]

    def test_refuses_what_is_not_pairs(self) -> None:
        for headers in (None, 5, [("A",)], [("A", "b", "c")], [5], [(["A"], "b")]):
            with self.subTest(headers=headers), self.assertRaisesRegex(InvalidResponse, "pairs of str"):
                response_head("200 OK", headers)  # type: ignore[arg-type]

    def test_names_the_header_whose_value_is_a_list(self) -> None:
        with self.assertRaisesRegex(InvalidResponse, "value of response header A is "):
            response_head("200 OK", [("A", ["b"])])  # type: ignore[list-item]

    def test_is_the_same_when_it_comes_again(self) -> None:
        headers = [("A", " b "), ("date", "x"), ("Connection", "close"), ("content-length", "014")]
        made = [response_head("200 OK", headers) for _ in range(2)]
        self.assertEqual(made[0], made[1])
        self.assertTrue(made[1].closes)

    def test_remembers_a_bounded_number_of_names_headers_and_statuses(self) -> None:
        for number in range(module._REMEMBERED + 100):
            response_head(f"200 {number}", [(f"X-{number}", "")])
        self.assertLessEqual(len(module._made_of_pair), module._REMEMBERED)
        self.assertLessEqual(len(module._known_heads), module._REMEMBERED_HEADS)
        self.assertLessEqual(len(module._fate_of_name), module._REMEMBERED)
        self.assertLessEqual(len(module._start_of_status), module._REMEMBERED)
        self.assertEqual(head("200 999999", [("X-999999", ""), ("date", "x")]), "200 999999\r\nX-999999: \r\n")


class ContentLength(unittest.TestCase):
    def test_is_read_and_kept_in_its_place(self) -> None:
        made = response_head("200 OK", [("A", "b"), ("content-length", " 014 "), ("C", "d")])
        self.assertEqual(made.content_length, 14)
        self.assertEqual(made.head.decode("latin-1"), "200 OK\r\nA: b\r\ncontent-length: 14\r\nC: d\r\n")

    def test_is_minus_1_when_the_application_did_not_say(self) -> None:
        self.assertEqual(response_head("200 OK", []).content_length, -1)

    def test_is_refused_when_given_twice(self) -> None:
        for second in ("1", "2"):
            with self.assertRaisesRegex(InvalidResponse, "second Content-Length"):
                response_head("200 OK", [("Content-Length", "1"), ("CONTENT-LENGTH", second)])

    def test_is_refused_when_it_is_no_number_of_bytes(self) -> None:
        for value in ("", "-1", "+1", "1.0", "0x1", "1, 1", "1_0", "²", "9" * 16):
            with self.subTest(value), self.assertRaisesRegex(InvalidResponse, "Content-Length"):
                response_head("200 OK", [("Content-Length", value)])

    def test_is_dropped_for_204_and_kept_for_304(self) -> None:
        made = response_head("204 No Content", [("Content-Length", "5")])
        self.assertEqual((made.content_length, made.head.decode("latin-1")), (-1, "204 No Content\r\n"))
        self.assertEqual(response_head("304 Not Modified", [("Content-Length", "5")]).content_length, 5)


class Hints(unittest.TestCase):
    def test_are_lines_of_text_or_bytes_in_their_order(self) -> None:
        pairs: list[tuple[str | bytes, str | bytes]]
        pairs = [("Link", " </a.css>; rel=preload "), (b"Link", b"</b.js>"), ("X-a", b"\xe9"), (b"X-B", "\xff")]
        lines = "Link: </a.css>; rel=preload\r\nLink: </b.js>\r\nX-a: \xe9\r\nX-B: \xff\r\n"
        self.assertEqual(hint_lines(pairs), lines)
        self.assertEqual(hint_lines(iter(pairs)), lines)
        self.assertEqual(hint_lines([]), "")

    def test_drop_what_no_interim_response_may_have(self) -> None:
        for name in ("Connection", "Transfer-Encoding", "content-length", "Server", "Date", b"CONTENT-LENGTH"):
            with self.subTest(name):
                self.assertEqual(hint_lines([(name, "5"), ("Kept", "y")]), "Kept: y\r\n")

    def test_refuse_a_name_that_is_no_token(self) -> None:
        for name in ("", "a b", "a:", "a\r\n", "\xe9", b"", b"a b", b"a\r\n", b"\xe9", 1, None, bytearray(b"A")):
            with self.subTest(name=name), self.assertRaises(InvalidResponse):
                hint_lines([(name, "x")])  # type: ignore[list-item]

    def test_refuse_a_value_with_control_characters_or_beyond_iso_8859_1(self) -> None:
        for value in ("a\r\nSet-Cookie: b", "a\0", "\x7f", "\u0100", b"a\nb", b"\0", 7, None, bytearray(b"A")):
            for name in ("A", "Connection"):
                with self.subTest(value=value, name=name), self.assertRaisesRegex(InvalidResponse, f"header {name} is"):
                    hint_lines([(name, value)])  # type: ignore[list-item]

    def test_refuse_what_is_not_pairs(self) -> None:
        for headers in (None, 5, "Link", [("A",)], [("A", "b", "c")], [5], {"Link": "a"}, [(["A"], "b")]):
            with self.subTest(headers=headers), self.assertRaisesRegex(InvalidResponse, "pairs of str or bytes"):
                hint_lines(headers)  # type: ignore[arg-type]


if __name__ == "__main__":
    unittest.main()
