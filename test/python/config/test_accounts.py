"""Users and groups, looked up by name or number in the databases of this system."""

from __future__ import annotations

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "python"))

from tunicorn.config.accounts import look_up  # noqa: E402

MISSING = "no-such-account-here"


class Accounts(unittest.TestCase):
    def test_names_of_all_sources_are_looked_up(self) -> None:
        found = look_up({"users": ["root"], "groups": []}, ({"user": MISSING}, {"group": "root"}, {"user": None}))
        self.assertEqual(found["users"]["root"], {"id": 0, "group_id": 0})
        self.assertIsNone(found["users"][MISSING])
        self.assertEqual(found["groups"], {"root": 0})

    def test_numbers_stay_numbers_whether_there_is_such_an_account_or_not(self) -> None:
        found = look_up({"users": ["0", "4000000"], "groups": ["12345"]}, ({"user": 0, "group": 54321},))
        self.assertEqual(found["users"]["0"], {"id": 0, "group_id": 0})
        self.assertEqual(found["users"]["4000000"], {"id": 4000000, "group_id": None})
        self.assertEqual(found["groups"], {"12345": 12345, "54321": 54321})

    def test_an_impossible_name_is_not_an_account(self) -> None:
        names = ["-x", "a\0b", "9" * 30, "\u20ac"]
        found = look_up({"users": names, "groups": ["a\0b"]}, ())
        self.assertEqual([found["users"][name] for name in ("-x", "a\0b")], [None, None])
        self.assertEqual(found["groups"], {"a\0b": None})


if __name__ == "__main__":
    unittest.main()
