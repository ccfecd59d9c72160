"""The server in a Paste file: `[server:main] use = egg:gunicorn#main`, which pserve and PasteDeploy call."""

from __future__ import annotations

from typing import Any, Callable, Dict, NoReturn, Optional

from gunicorn import _missing
from gunicorn.app.wsgiapp import WSGIApplication
from tunicorn.config import paste_file

has_logging_config = paste_file.has_loggers


class PasterServerApplication(WSGIApplication):
    """Settings of the section override those of the config file. The command line belongs to pserve, and is not read.
    """

    def __init__(self, app: Any, global_conf: Optional[Dict[str, str]], settings: Dict[str, Any]) -> None:
        self._app = app
        self._file = (global_conf or {}).get("__file__")
        self._settings = dict(settings)
        super().__init__()

    def load_config(self) -> None:
        if self._file:
            self.cfg.set("default_proc_name", self._file)
            if has_logging_config(self._file):
                self.cfg.set("logconfig", self._file)
        self.load_config_from_module_name_or_filename(self._settings.pop("config", None))
        bind = bind_of(self._settings.pop("host", None), self._settings.pop("port", None))
        for name, value in [("bind", bind), *self._settings.items()]:
            if value is not None:
                self.cfg.set(name.lower(), value)

    def load(self) -> Any:
        return self._app


def bind_of(host: Optional[str], port: Optional[str]) -> Any:
    """Without a port, the host may be several addresses, separated by commas."""
    if host and port:
        return f"{host}:{port}"
    return host.split(",") if host else None


def serve(app: Any, global_conf: Optional[Dict[str, str]] = None, **local_conf: Any) -> NoReturn:
    """The entry point of the group paste.server_runner."""
    PasterServerApplication(app, global_conf, local_conf).run()
    raise AssertionError("run() does not return")


def server_factory(global_conf: Optional[Dict[str, str]], **local_conf: Any) -> Callable[[Any], NoReturn]:
    """The same for the group paste.server_factory."""
    return lambda app: serve(app, global_conf, **local_conf)


__getattr__ = _missing.getattr_of(__name__)
