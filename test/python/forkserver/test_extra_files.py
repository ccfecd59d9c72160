"""Which files the entries of reload_extra_files name."""

from __future__ import annotations

import os
import sys
import tempfile
import unittest
from pathlib import Path
from typing import List

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "python"))

from tunicorn.forkserver.extra_files import ExtraFiles, files_of  # noqa: E402

FILES = """
app.py a.html b.txt .hidden.html x[1].html x1.html templates/base.html templates/.swap.html templates/shop/cart.html
templates/shop/deep/er/item.html templates/.git/config.html templates/shop/notes.txt a-b/c+d.html
""".split()

PATTERNS = {
    "*.html": "a.html x1.html x[1].html",
    ".*.html": ".hidden.html",
    "?.html": "a.html",
    "[ab].*": "a.html b.txt",
    "[!a].txt": "b.txt",
    "[a-c].html": "a.html",
    "[c-a].html": "",
    "x[[]1].html": "x[1].html",
    "x[]1].html": "x1.html",
    "[": "",
    "templates/*.html": "templates/base.html",
    "*/base.html": "templates/base.html",
    "./templates//*.html": "templates/base.html",
    "templates/**/*.html": "templates/base.html templates/shop/cart.html templates/shop/deep/er/item.html",
    "templates/**/**/c*.html": "templates/shop/cart.html",
    "templates/**/deep/**/*.html": "templates/shop/deep/er/item.html",
    "**/*.txt": "b.txt templates/shop/notes.txt",
    "templates/**/er/*": "templates/shop/deep/er/item.html",
    "templates/shop/**": "templates/shop/cart.html templates/shop/deep/er/item.html templates/shop/notes.txt",
    "a-b/c+*.html": "a-b/c+d.html",
    "templates/shop/../*.html": "templates/base.html",
    "nowhere/**/*.html": "",
    # Paths of a file, of one that may appear later, and of a folder.
    "a.html": "a.html",
    "not-yet.html": "not-yet.html",
    "templates": "templates/base.html templates/shop/cart.html templates/shop/deep/er/item.html "
    "templates/shop/notes.txt",
}


class Entries(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="with[1]*")
        self.addCleanup(folder.cleanup)
        self.folder = os.path.realpath(folder.name)
        for name in FILES:
            self.make(name)

    def make(self, name: str) -> None:
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        Path(path).touch()

    def named(self, entry: str) -> List[str]:
        return sorted({os.path.relpath(path, self.folder) for path in files_of(entry, self.folder)})

    def test_they_name_what_pythons_glob_finds(self) -> None:
        for entry, names in PATTERNS.items():
            with self.subTest(entry):
                self.assertEqual(self.named(entry), sorted(names.split()))

    def test_absolute_patterns_do_not_start_at_the_folder(self) -> None:
        with tempfile.TemporaryDirectory() as elsewhere:
            Path(elsewhere, "x.html").touch()
            found = list(files_of(f"{elsewhere}/**/*.html", self.folder))
            self.assertEqual(found, [os.path.join(elsewhere, "x.html")])

    def test_two_stars_do_not_follow_a_link_that_leads_back_up(self) -> None:
        self.make("loop/in.html")
        os.symlink("..", os.path.join(self.folder, "loop", "up"))
        self.assertEqual(self.named("loop/**/*.html"), ["loop/in.html"])

    def test_the_first_look_reports_every_entry_and_later_ones_what_is_new(self) -> None:
        extra = ExtraFiles(["*.yml", "templates/**/*.txt"], self.folder)
        notes = os.path.join(self.folder, "templates/shop/notes.txt")
        first = [{"entry": "*.yml", "files": []}, {"entry": "templates/**/*.txt", "files": [notes]}]
        self.assertEqual(extra.look(), [{"type": "extra-files", "whole": True, **each} for each in first])
        self.assertEqual(extra.look(), [])
        self.make("late.yml")
        late = os.path.join(self.folder, "late.yml")
        self.assertEqual(extra.look(), [{"type": "extra-files", "entry": "*.yml", "files": [late], "whole": False}])
        os.remove(late)
        extra.look()
        self.make("late.yml")
        self.assertEqual(extra.look(), [], "the arbiter still watches it")


if __name__ == "__main__":
    unittest.main()
