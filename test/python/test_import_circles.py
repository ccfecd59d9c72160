"""No module of ours imports itself by way of others, not even by an import inside a function."""

from __future__ import annotations

import ast
import unittest
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Dict, Iterator, Set

PACKAGES = Path(__file__).resolve().parents[2] / "python"


def modules() -> Dict[str, Path]:
    found = {}
    for path in [*PACKAGES.glob("tunicorn/**/*.py"), *PACKAGES.glob("gunicorn/**/*.py")]:
        parts = path.relative_to(PACKAGES).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            for alias in node.names:
                yield f"{node.module}.{alias.name}"
                yield node.module


class ImportCircles(unittest.TestCase):
    def test_there_is_none(self) -> None:
        paths = modules()
        self.assertIn("tunicorn.worker.worker", paths)
        graph: Dict[str, Set[str]] = {}
        for name, path in paths.items():
            targets = set(imported(path)) & set(paths) - {name}
            # `from package import module` asks the package for nothing but its module.
            graph[name] = {each for each in targets if not any(other.startswith(each + ".") for other in targets)}
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as error:
            self.fail(" <- ".join(error.args[1]))


if __name__ == "__main__":
    unittest.main()
