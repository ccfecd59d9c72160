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
    """`gunicorn`, where that is Tunicorn's."""
    run(sys.argv[1:])
