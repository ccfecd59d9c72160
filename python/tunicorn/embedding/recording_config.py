"""The Config of a program that embeds Tunicorn. It records the program's settings, which the arbiter ranks among the
other sources, and can read a command line.
"""

from __future__ import annotations

import argparse
from contextlib import contextmanager
from typing import Any, Dict, Iterator, NoReturn, Optional

from tunicorn.config.config import Config, declarations
from tunicorn.config.config_file import ConfigFile

REPEATABLE = ("string list", "address list", "environment list", "request list")
USAGE = "tunicorn [OPTIONS] [APP_MODULE]"


class RecordingConfig(Config):
    def __init__(self, usage: Optional[str] = None, prog: Optional[str] = None) -> None:
        super().__init__(usage, prog)
        # Not an assignment: __setattr__ guards the names of settings.
        vars(self).update(framework={}, overrides={}, file=ConfigFile(None, {}, {}), has_command_line=False)
        vars(self)["_record"] = self.framework

    framework: Dict[str, Any]
    overrides: Dict[str, Any]
    file: ConfigFile
    has_command_line: bool
    _record: Optional[Dict[str, Any]]

    def set(self, name: str, value: Any) -> None:
        super().set(name, value)
        if self._record is not None:
            self._record[name] = value

    @contextmanager
    def other_sources(self) -> Iterator[None]:
        """Settings made inside the context are not recorded: the arbiter reads these sources itself. Later settings
        override them.
        """
        vars(self)["_record"] = None
        try:
            yield
        finally:
            vars(self)["_record"] = self.overrides

    def take_file(self, file: ConfigFile) -> None:
        vars(self)["file"] = file
        with self.other_sources():
            for name, value in file.namespace.items():
                if name in self.settings:
                    self.set(name, value)

    def reads_command_line(self) -> None:
        vars(self)["has_command_line"] = True

    def parser(self) -> CommandLineParser:
        """A parser for the flags of the command; options that are not given are None."""
        parser = CommandLineParser(prog="tunicorn", usage=USAGE, add_help=False)
        parser.add_argument("-h", "--help", dest="asks_for_text", action="store_true")
        parser.add_argument("-v", "--version", dest="asks_for_text", action="store_true")
        parser.add_argument("args", nargs="*")
        for name, declaration in declarations().items():
            if declaration["flags"]:
                parser.add_argument(*declaration["flags"], dest=name, default=None, **_action(declaration))
        return parser


class CommandLineParser(argparse.ArgumentParser):
    """Its errors name the place of the mistake, unless that is the command line."""

    place = ""

    def error(self, message: str) -> NoReturn:
        super().error(self.place + message)


def _action(declaration: Dict[str, Any]) -> Dict[str, Any]:
    if declaration["kind"] == "bool":
        return {"action": "store_const", "const": declaration.get("flagValue", True)}
    if declaration["kind"] in REPEATABLE:
        return {"action": "append"}
    if "flagAlone" in declaration:
        return {"nargs": "?", "const": declaration["flagAlone"]}
    return {"action": "store"}
