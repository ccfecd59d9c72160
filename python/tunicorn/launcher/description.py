"""What the launcher knows and the server needs: one variable of the environment, JSON, which src/cli/start/launcher.ts
reads.
"""

from __future__ import annotations

import os
import sys

from tunicorn.own_folder import OWN_FOLDER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import List, Optional

    from tunicorn.launcher.choose_node import ChosenNode

MAIN = os.path.join(OWN_FOLDER, "__main__.py")

# Attributes of sys.flags. -I and -P also keep the current directory from sys.path, which the server's settings decide.
FLAGS = (
    ("b", "bytes_warning"),
    ("B", "dont_write_bytecode"),
    ("d", "debug"),
    ("E", "ignore_environment"),
    ("O", "optimize"),
    ("s", "no_user_site"),
    ("S", "no_site"),
    ("v", "verbose"),
)


def describe(node: ChosenNode, given_node: Optional[str], again: List[str]) -> str:
    """`given_node` is the value of TUNICORN_NODE, which the launcher replaces; `again` runs it another time."""
    return _object(
        node=_string(node.source),
        givenNode="null" if given_node is None else _string(given_node),
        again=_list(again),
        python=_string(sys.executable),
        pythonVersion=str(list(sys.version_info[:3])),
        pythonFlags=_list(interpreter_flags()),
    )


def this_command() -> List[str]:
    """The command that has been started, such as venv/bin/tunicorn. Its path is as typed: a symbolic link that leads to
    another release by then is followed again."""
    script = sys.argv[0]
    if os.path.basename(script) == "__main__.py" or not os.path.isfile(script):
        return launcher_alone()
    return [sys.executable, *_isolation(), *interpreter_flags(), script]


def launcher_alone() -> List[str]:
    """By the path of its file: `-m tunicorn` would look for it in the current directory first."""
    return [sys.executable, *_isolation(), *interpreter_flags(), MAIN]


def interpreter_flags() -> List[str]:
    """Those of `python -X dev -m tunicorn`, for the Python of the workers."""
    flags = ["-" + letter * getattr(sys.flags, name) for letter, name in FLAGS if getattr(sys.flags, name)]
    flags.extend(f"-W{filter}" for filter in sys.warnoptions)
    flags.extend(f"-X{name}" if value is True else f"-X{name}={value}" for name, value in sys._xoptions.items())
    return flags


def _isolation() -> List[str]:
    return ["-I"] if sys.flags.isolated else []


def _object(**members: str) -> str:
    return "{" + ",".join(f"{_string(name)}:{value}" for name, value in members.items()) + "}"


def _list(texts: List[str]) -> str:
    return "[" + ",".join(map(_string, texts)) + "]"


def _string(text: str) -> str:
    # Importing json takes longer than all the rest of this module.
    return '"' + "".join(c if c >= " " and c not in '"\\' else f"\\u{ord(c):04x}" for c in text) + '"'
