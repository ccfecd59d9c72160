"""The console scripts."""

from __future__ import annotations

import os
import sys

from tunicorn.generated_facts import PROGRAM_VARIABLE
from tunicorn.launcher.command import run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn


def main() -> NoReturn:
    """`tunicorn` and `python -m tunicorn`."""
    # At an upgrade, the arguments are those of a program that embeds the server.
    if sys.argv[1:2] == ["adopt"] and PROGRAM_VARIABLE not in os.environ:
        from tunicorn.launcher import adopt

        sys.exit(adopt.main(sys.argv[2:]))
    run(sys.argv[1:])


def main_as_gunicorn() -> NoReturn:
    """`gunicorn`, where `tunicorn adopt` has made it Tunicorn's."""
    run(sys.argv[1:])


def main_of_package() -> NoReturn:
    """`gunicorn` of the package tunicorn-gunicorn-command."""
    from tunicorn.launcher.adopt import has_gunicorn

    if has_gunicorn(sys.path):
        print(
            "Warning: the package tunicorn-gunicorn-command has replaced the command of Gunicorn, which is installed "
            "here, too. Uninstall that package, install Gunicorn again, and use `tunicorn adopt`, which can be undone",
            file=sys.stderr,
        )
    run(sys.argv[1:])
