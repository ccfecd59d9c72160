"""`tunicorn adopt`: makes the environment's command `gunicorn` this server, so that unit files, Procfiles and
Dockerfiles stay as they are. `tunicorn adopt --undo` restores what was there.
"""

from __future__ import annotations

import os
import stat
import sys
import sysconfig

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterable, List, Optional, Sequence

USAGE = """usage: tunicorn adopt [--undo]

Makes the command `gunicorn` of this environment Tunicorn's. A real one is kept beside it, and --undo
restores it: do so before you uninstall tunicorn. An application of the name `adopt` is served by
`tunicorn adopt:application`.
"""
KEPT = "gunicorn.before-tunicorn"
MARK = "# Written by `tunicorn adopt`"

SCRIPT = """{shebang}
{mark}; `tunicorn adopt --undo` restores what was here.
import os
import sys

try:
    from tunicorn.launcher.main import main_as_gunicorn
except ImportError:
    kept = os.path.join(os.path.dirname(os.path.abspath(__file__)), "{kept}")
    again = "Restore Gunicorn's command: mv " + kept + " " + kept[: -len("{suffix}")]
    remedy = again if os.path.exists(kept) else "Install it again, or delete this file"
    sys.exit("Error: " + os.path.abspath(__file__) + " is Tunicorn's, which is no longer installed. " + remedy)
main_as_gunicorn()
"""

# The kernel cuts a longer first line of a script.
SHEBANG_BYTES = 127


class CannotAdopt(Exception):
    """The text says why."""


def main(arguments: List[str]) -> int:
    if arguments in (["-h"], ["--help"]):
        print(USAGE, end="")
        return 0
    if arguments not in ([], ["--undo"]):
        print(f"{USAGE}tunicorn adopt: error: unrecognized arguments: {' '.join(arguments)}", file=sys.stderr)
        return 2
    try:
        folder = folder_of_commands()
        print(undo(folder) if arguments else adopt(folder))
        return 0
    except CannotAdopt as error:
        print(f"\nError: {error}\n", file=sys.stderr)
    except OSError as error:
        print(f"\nError: '{error.filename}' cannot be changed: {error.strerror}\n", file=sys.stderr)
    return 1


def folder_of_commands() -> str:
    """Where pip has put the command `tunicorn`."""
    schemes = [None, f"{os.name}_user"]
    folders = [sysconfig.get_path("scripts", scheme) if scheme else sysconfig.get_path("scripts") for scheme in schemes]
    # As it was called, if that is no link into the environment.
    folders.append(os.path.dirname(os.path.abspath(sys.argv[0])))
    for folder in folders:
        command = os.path.join(folder, "tunicorn")
        if os.path.isfile(command) and not os.path.islink(command):
            return folder
    missing = f"there is no {folders[0]}/tunicorn"
    raise CannotAdopt(f"tunicorn is not installed in the environment of {sys.executable}: {missing}")


def adopt(folder: str) -> str:
    """Returns what it has done. If Gunicorn has been installed again since, its new command replaces the one that was
    kept."""
    command, kept = os.path.join(folder, "gunicorn"), os.path.join(folder, KEPT)
    text = _text_of(command)
    if text is not None and MARK in text:
        return f"{command} is Tunicorn's already"
    if text is not None and "tunicorn.launcher" in text:
        return f"{command} is Tunicorn's already, from the package tunicorn-gunicorn-command"
    written = f"{command}.new"
    suffix = KEPT[len("gunicorn") :]
    script = SCRIPT.format(shebang=shebang(sys.executable), mark=MARK, kept=KEPT, suffix=suffix)
    with open(written, "wb") as file:
        # The path of the interpreter may be in another encoding than the locale's.
        file.write(os.fsencode(script))
    os.chmod(written, stat.S_IMODE(os.stat(os.path.join(folder, "tunicorn")).st_mode))
    if text is None:
        os.rename(written, command)
        return f"{command} is now Tunicorn's; there was none"
    # A link, not a move: at each moment there is a command.
    if os.path.lexists(kept):
        os.unlink(kept)
    os.link(command, kept, follow_symlinks=False)
    os.rename(written, command)
    return f"{command} is now Tunicorn's; the one before is kept as {kept}"


def undo(folder: str, import_path: Optional[Sequence[str]] = None) -> str:
    """Returns what it has done. After an upgrade of Gunicorn, its command is back, mostly the one that was kept."""
    command, kept = os.path.join(folder, "gunicorn"), os.path.join(folder, KEPT)
    text = _text_of(command)
    if text is not None and MARK not in text:
        if "tunicorn.launcher" in text:
            raise CannotAdopt(f"{command} is from the package tunicorn-gunicorn-command: uninstall that")
        if os.path.lexists(kept) and _text_of(kept) == text:
            os.unlink(kept)
        return f"{command} is not Tunicorn's: there is nothing to undo"
    if os.path.lexists(kept) and not has_gunicorn(sys.path if import_path is None else import_path):
        for path in (kept, command):
            if os.path.lexists(path):
                os.unlink(path)
        return f"removed {command}; Gunicorn, whose command it was before, is no longer installed"
    if os.path.lexists(kept):
        os.rename(kept, command)
        return f"{command} is again the one from before"
    if text is None:
        return f"there is no {command}: there is nothing to undo"
    os.unlink(command)
    return f"removed {command}; there was none before"


def shebang(python: str) -> str:
    if " " not in python and len(os.fsencode(f"#!{python}")) <= SHEBANG_BYTES:
        return f"#!{python}"
    quoted = python.replace("'", "'\\''")
    # For the shell a command, for Python a text.
    return f"#!/bin/sh\n'''exec' '{quoted}' \"$0\" \"$@\"\n' '''"


def has_gunicorn(import_path: Iterable[str]) -> bool:
    """Whether the real one can be imported."""
    return any(os.path.isfile(os.path.join(folder, "gunicorn", "__init__.py")) for folder in import_path)


def _text_of(path: str) -> Optional[str]:
    """Empty for a program that is no text; None if there is no file."""
    try:
        with open(path, "rb") as file:
            return file.read(4096).decode("latin-1")
    except FileNotFoundError:
        return "" if os.path.islink(path) else None
