"""Replaces this process with the server: the same process id, descriptors, directory and environment."""

from __future__ import annotations

import os
import sys

from tunicorn.generated_facts import LAUNCHER_VARIABLE, NODE_VARIABLE
from tunicorn.launcher.choose_node import ChosenNode, NodeNotFound, choose_node
from tunicorn.launcher.description import describe, launcher_alone, this_command
from tunicorn.launcher.node_programs import given_node, node_of_package, node_on_path, version_of
from tunicorn.own_folder import OWN_FOLDER, PACKAGES_FOLDER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, List, NoReturn, Optional, Sequence

COMMAND_VARIABLE = "TUNICORN_COMMAND"
PROCESS_ONE = os.path.join(OWN_FOLDER, "helpers", "process_one.py")
# A clone, an npm package and the folder _server of a wheel have the same layout.
SERVER = os.path.join(os.path.dirname(PACKAGES_FOLDER), "bin", "tunicorn")
INTERRUPTED = 130


class CommandNotFound(Exception):
    """The text says what to do."""


def run(arguments: Sequence[str]) -> NoReturn:
    """Runs the server's command, with the Python that runs this process."""
    try:
        execute(arguments, again=this_command())
    except CommandNotFound as error:
        fail(f"Error: {error}")
    except KeyboardInterrupt:
        os._exit(INTERRUPTED)


def execute(
    arguments: Sequence[str], environment: Optional[Dict[str, str]] = None, again: Optional[List[str]] = None
) -> NoReturn:
    """`environment` is added to that of the process. `again` is the command by which an upgrade (USR2) gets here."""
    _check_platform()
    env = {**os.environ, **(environment or {})}
    command = _named_command() or _server(env, again or launcher_alone())
    sys.stdout.flush()
    sys.stderr.flush()
    if os.getpid() == 1:
        # A Node.js program cannot be process 1: it does not reap orphans.
        command = [sys.executable, "-I", "-S", PROCESS_ONE, *command]
    os.execvpe(command[0], [*command, *arguments], env)


def fail(text: str) -> NoReturn:
    """Prints the error in the form of the command, and exits."""
    print(f"\n{text.rstrip()}\n", file=sys.stderr, flush=True)
    sys.exit(1)


def _check_platform() -> None:
    if os.name != "posix":
        raise CommandNotFound("Tunicorn runs on Linux, and not on Windows: use the Windows Subsystem for Linux (WSL)")
    if not sys.platform.startswith("linux"):
        print(f"Warning: Tunicorn is made for Linux; nothing has been tested on {sys.platform}", file=sys.stderr)


def _named_command() -> Optional[List[str]]:
    given = os.environ.get(COMMAND_VARIABLE)
    if not given:
        return None
    import shlex
    import shutil

    words = shlex.split(given)
    if shutil.which(words[0]) is None:
        raise CommandNotFound(f"{COMMAND_VARIABLE} says {given!r}, and {words[0]!r} is not a program")
    return words


def _server(env: Dict[str, str], again: List[str]) -> List[str]:
    if not os.path.isfile(SERVER):
        raise CommandNotFound(f"there is no {SERVER}: Tunicorn has to be installed as files, not in a zip archive")
    try:
        node = _node()
    except NodeNotFound as error:
        raise CommandNotFound(str(error)) from None
    env[LAUNCHER_VARIABLE] = describe(node, os.environ.get(NODE_VARIABLE), again)
    env[NODE_VARIABLE] = node.path
    # By the shell: an installer may have dropped the mode of the file, and a file system may forbid programs.
    return ["/bin/sh", SERVER]


def _node() -> ChosenNode:
    given = given_node(os.environ)
    if given is not None:
        if version_of(given) is None:
            raise NodeNotFound(f"{NODE_VARIABLE} says '{given}', which does not tell a version of Node.js")
        return ChosenNode(given, NODE_VARIABLE)
    return choose_node(node_on_path(os.environ), node_of_package(sys.path), version_of)
