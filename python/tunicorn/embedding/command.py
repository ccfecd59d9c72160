"""Finds the command `tunicorn`, a Node.js program, and replaces this process with it."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from typing import Dict, Iterator, List, NoReturn, Optional, Sequence

from tunicorn.own_folder import OWN_FOLDER, PACKAGES_FOLDER

COMMAND_VARIABLE = "TUNICORN_COMMAND"
PROCESS_ONE = os.path.join(OWN_FOLDER, "helpers", "process_one.py")
BESIDE = os.path.join(os.path.dirname(PACKAGES_FOLDER), "bin", "tunicorn")


class CommandNotFound(Exception):
    """Python can install neither the command nor Node.js, so the text says what to do."""


def execute(arguments: Sequence[str], environment: Optional[Dict[str, str]] = None) -> NoReturn:
    """The process keeps its id, its working directory and its environment, except for what `environment` replaces."""
    command = find_command()
    sys.stdout.flush()
    sys.stderr.flush()
    env = {**os.environ, **(environment or {})}
    if os.getpid() == 1:
        # A Node.js program cannot be process 1: it does not reap orphans.
        command = [sys.executable, "-I", "-S", PROCESS_ONE, *command]
    os.execvpe(command[0], [*command, *arguments], env)


def run(arguments: Sequence[str]) -> NoReturn:
    """Runs the command, with the Python that runs this process."""
    try:
        execute(["--python", sys.executable, *arguments])
    except CommandNotFound as error:
        fail(f"Error: {error}")


def find_command() -> List[str]:
    """$TUNICORN_COMMAND; otherwise beside this package, as in a checkout; otherwise on PATH."""
    given = os.environ.get(COMMAND_VARIABLE)
    if given:
        words = shlex.split(given)
        if shutil.which(words[0]) is None:
            raise CommandNotFound(f"{COMMAND_VARIABLE} says {given!r}, and {words[0]!r} is not a program")
        return words
    found = next(_candidates(), None)
    if found is None:
        raise CommandNotFound(
            "the command 'tunicorn' is not on PATH: install it (npm install --global tunicorn), or say where it is in "
            + COMMAND_VARIABLE
        )
    if shutil.which("node") is None:
        raise CommandNotFound(f"{found} needs Node.js 20 or later, but 'node' is not on PATH")
    return [found]


def _candidates() -> Iterator[str]:
    if os.path.isfile(BESIDE):
        yield BESIDE
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        path = os.path.join(folder, "tunicorn")
        # The script that pip installs has the same name, and would only call this again.
        if os.access(path, os.X_OK) and _is_for_node(path):
            yield path


def _is_for_node(path: str) -> bool:
    try:
        with open(path, "rb") as file:
            return b"node" in file.readline(200) + file.readline(200)
    except OSError:
        return False


def fail(text: str) -> NoReturn:
    """Prints the error in the form of the command, and exits."""
    print(f"\n{text.rstrip()}\n", file=sys.stderr, flush=True)
    sys.exit(1)


def main() -> NoReturn:
    run(sys.argv[1:])
