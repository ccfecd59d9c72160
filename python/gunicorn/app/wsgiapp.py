"""WSGIApplication: an application by name, as for the command; `run` is the command."""

from __future__ import annotations

import sys
from typing import Any, Dict, List, NoReturn, Optional

from gunicorn import _missing, util
from gunicorn.app.base import Application
from gunicorn.errors import ConfigError
from tunicorn.config import paste_file
from tunicorn.launcher import command


class WSGIApplication(Application):
    def init(self, parser: Any, opts: Any, args: List[str]) -> Optional[Dict[str, Any]]:
        self.app_uri: Optional[str] = None
        if getattr(opts, "paste", None):
            location = paste_file.absolute(opts.paste)
            self.cfg.set("default_proc_name", paste_file.file_of(location))
            if paste_file.has_loggers(location):
                self.cfg.set("logconfig", paste_file.file_of(location))
            self.app_uri = location
        elif args:
            self.cfg.set("default_proc_name", args[0])
            self.app_uri = args[0]
        return None

    def load_config(self) -> None:
        super().load_config()
        if self.app_uri is None:
            self.app_uri = self.cfg.wsgi_app
        if self.app_uri is None:
            raise ConfigError("No application module specified.")

    def load_wsgiapp(self) -> Any:
        if self.app_uri is None:
            raise ConfigError("No application module specified.")
        return util.import_app(self.app_uri)

    def load_pasteapp(self) -> Any:
        return paste_file.load(str(self.app_uri), self.cfg.paste_global_conf)

    def load(self) -> Any:
        return self.load_wsgiapp() if self.cfg.paste is None else self.load_pasteapp()


def run(prog: Optional[str] = None) -> NoReturn:
    """Runs the command with the arguments of this process."""
    command.run(sys.argv[1:])


__getattr__ = _missing.getattr_of(__name__)
