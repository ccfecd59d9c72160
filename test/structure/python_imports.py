"""Checks the imports of the Python packages: no circles, and none from a folder above (`npm run check:structure`)."""

from __future__ import annotations

import ast
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2] / "python"

# From top to bottom: a folder of tunicorn/ imports from those below it. `gunicorn`, the names that applications know,
# is above all of them, and `tunicorn` is what stands directly in the package.
LAYERS = [
    "gunicorn",
    "tunicorn",
    "embedding",
    "forkserver",
    "worker",
    "worker_classes",
    "asgi",
    "worker_context",
    "wsgi",
    "config",
    "hook_objects",
    "application",
    "log",
    "channels",
    "runqueue",
    "link",
    "process",
    "launcher",
    "own_folder",
    "generated_facts",
    "version",
]
# Stand-alone scripts: they import nothing of the package, and nothing imports them.
SCRIPTS = "helpers"

# The entry point of Paste files leads to the package `gunicorn`; the others look at what a configuration file has done
# to it, as applications know it.
ALLOWED_UPWARD = {
    ("tunicorn.embedding.paste_server", "gunicorn.app.pasterapp"),
    ("tunicorn.config.server_name", "gunicorn"),
    ("tunicorn.wsgi.response_object", "gunicorn"),
}


def modules() -> dict[str, Path]:
    found: dict[str, Path] = {}
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports(module: str, path: Path, known: dict[str, Path]) -> set[str]:
    """The project's modules that this one names, also in functions and for types only: a late import is an import."""
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            for alias in node.names:
                submodule = f"{base}.{alias.name}"
                if submodule in known:
                    found.add(submodule)
                elif base in known:
                    found.add(base)
    return found - {module}


def circle(graph: dict[str, set[str]]) -> list[str]:
    """The modules of a circle, one after the other; empty if there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        modules_in_turn: list[str] = error.args[1]
        return modules_in_turn
    return []


def layer(module: str) -> str:
    package, _, rest = module.partition(".")
    first = rest.partition(".")[0]
    if package == "gunicorn":
        return "gunicorn"
    return first if first in LAYERS or first == SCRIPTS else "tunicorn"


def is_upward(importer: str, imported: str) -> bool:
    above, below = layer(imported), layer(importer)
    if above == below:
        return False
    return SCRIPTS in (above, below) or LAYERS.index(above) < LAYERS.index(below)


def main() -> int:
    known = modules()
    graph = {module: imports(module, path, known) for module, path in known.items()}
    faults: list[str] = []
    in_turn = circle(graph)
    if in_turn:
        faults.append(f"Import circle: {', '.join(in_turn)}")
    for importer, targets in sorted(graph.items()):
        for imported in sorted(targets):
            if is_upward(importer, imported) and (importer, imported) not in ALLOWED_UPWARD:
                faults.append(f"Upward import: {importer} imports {imported}")
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
