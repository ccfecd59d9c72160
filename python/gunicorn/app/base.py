"""BaseApplication and Application, which programs subclass to run their own application with their settings."""

from __future__ import annotations

import os
import sys
from typing import Any, Callable, Dict, List, Optional

from gunicorn import _missing
from gunicorn.arbiter import Arbiter
from gunicorn.config import get_default_config_file
from tunicorn.config.config_file import ConfigFileError, evaluate
from tunicorn.embedding.recording_config import RecordingConfig
from tunicorn.launcher import command

__all__ = ["Application", "Arbiter", "BaseApplication", "get_default_config_file"]


class BaseApplication:
    """Settings come from `load_config`, the application from `load`; nothing else is read."""

    def __init__(self, usage: Optional[str] = None, prog: Optional[str] = None) -> None:
        self.usage = usage
        self.cfg: Any = None
        self.callable: Optional[Callable[..., Any]] = None
        self.prog = prog
        self.logger: Any = None
        self.do_load_config()

    def do_load_config(self) -> None:
        try:
            self.load_default_config()
            self.load_config()
        except ConfigFileError as error:
            command.fail(f"{error}\n{error.traceback_text}" if error.traceback_text else f"Error: {error}")
        except Exception as error:
            command.fail(f"Error: {error}")

    def load_default_config(self) -> None:
        self.cfg = RecordingConfig(self.usage, prog=self.prog)

    def init(self, parser: Any, opts: Any, args: List[str]) -> Optional[Dict[str, Any]]:
        raise NotImplementedError

    def load(self) -> Any:
        raise NotImplementedError

    def load_config(self) -> None:
        """Sets what the program wants, by `self.cfg.set(name, value)`."""
        raise NotImplementedError

    def reload(self) -> None:
        self.do_load_config()

    def wsgi(self) -> Any:
        if self.callable is None:
            self.callable = self.load()
        return self.callable

    def run(self) -> None:
        """Serves; does not return."""
        Arbiter(self).run()


class Application(BaseApplication):
    """Also reads the command line, GUNICORN_CMD_ARGS and the config file; the result of `init` ranks lowest."""

    def load_config(self) -> None:
        parser = self.cfg.parser()
        options = parse_command_line(parser, sys.argv[1:])
        from_environment = parse_command_line(parser, self.cfg.get_cmd_args_from_env(), "in GUNICORN_CMD_ARGS: ")
        for name, value in (self.init(parser, options, options.args) or {}).items():
            self.cfg.set(name.lower(), value)
        self.load_config_from_module_name_or_filename(options.config or from_environment.config)
        with self.cfg.other_sources():
            for given in (from_environment, options):
                for name, value in vars(given).items():
                    if value is not None and name in self.cfg.settings:
                        self.cfg.set(name, value)
        self.cfg.reads_command_line()

    def load_config_from_module_name_or_filename(self, location: Optional[str]) -> Dict[str, Any]:
        """PATH, file:PATH or python:MODULE; without it ./gunicorn.conf.py, if it exists."""
        file = evaluate(location, os.getcwd())
        self.cfg.take_file(file)
        return file.namespace

    def load_config_from_file(self, filename: str) -> Dict[str, Any]:
        return self.load_config_from_module_name_or_filename(filename)

    def chdir(self) -> None:
        os.chdir(self.cfg.chdir)
        if self.cfg.chdir not in sys.path:
            sys.path.insert(0, self.cfg.chdir)


def parse_command_line(parser: Any, arguments: List[str], place: str = "") -> Any:
    parser.place = place
    options = parser.parse_args(arguments)
    if options.asks_for_text:
        # The command prints help and version.
        command.run(arguments)
    return options


__getattr__ = _missing.getattr_of(__name__)
