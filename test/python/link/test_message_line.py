import json
import unittest

from tunicorn.link.message_line import message_line, parse_message

TEXTS = ("plain " * 1000, "\U0001f600" * 600, "é\n\"" * 900, "\ud800" * 900, "a\U0001f600" * 2000)


class MessageLineTest(unittest.TestCase):
    def test_a_message_that_fits_is_not_changed(self) -> None:
        line = message_line({"type": "x", "message": "y"}, "message", 100)
        self.assertEqual(line, b'{"type": "x", "message": "y"}\n')

    def test_a_long_text_is_cut_and_the_json_stays_whole(self) -> None:
        for text in TEXTS:
            line = message_line({"type": "boot-failed", "code": 3, "message": text, "pid": 12}, "message", 4000)
            self.assertLessEqual(len(line), 4000)
            found = json.loads(line)
            self.assertEqual((found["type"], found["code"], found["pid"]), ("boot-failed", 3, 12))
            said, mark = found["message"][:-3], found["message"][-3:]
            self.assertEqual(mark, "...")
            self.assertTrue(said and text.startswith(said))

    def test_as_much_is_kept_as_fits(self) -> None:
        for text in TEXTS:
            self.assertGreater(len(message_line({"message": text}, "message", 4000)), 3900)

    def test_a_line_that_is_no_message_is_none(self) -> None:
        for line in (b"", b'{"type": "boo', b"\xff\xfe", b"[1]", b"nonsense"):
            self.assertIsNone(parse_message(line))
        self.assertEqual(parse_message(b'{"type": "ready", "pid": 1}'), {"type": "ready", "pid": 1})
