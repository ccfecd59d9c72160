"""The source of a forkserver's settings and application: the names given to the command, or an embedding program.

`configure` runs once, in the forkserver; `load` in the forkserver or in a worker.
"""

from __future__ import annotations

import os
import sys
from typing import Any, Callable, Dict, NamedTuple, Optional, Protocol

from tunicorn.application import load_application as application
from tunicorn.application.load_application import AppImportError
from tunicorn.config import config_file, paste_file
from tunicorn.config.config import Config
from tunicorn.config.config_file import ConfigFile, jsonable_names

# As in src/cli/start/paste-file.ts.
PASTE = "config:"


class Configuration(NamedTuple):
    """The names in the configuration file, and the settings of an embedding program that rank below and above them."""

    file: ConfigFile
    framework: Dict[str, Any]
    overrides: Dict[str, Any]
    objects: Optional[Dict[str, Any]] = None
    """Values that JSON cannot carry, such as hooks, by setting. None: the names in the file."""


class ApplicationSource(Protocol):
    def configure(self, config: Optional[str]) -> Configuration:
        """`config` is the value of `-c`. May raise ConfigFileError."""

    def load(self, uri: str, cfg: Config) -> Callable[..., Any]:
        """May raise AppImportError, and whatever the application raises."""


class CommandSource:
    """The arguments of the command: a configuration file, and an application by name."""

    def configure(self, config: Optional[str]) -> Configuration:
        sys.path.insert(0, os.getcwd())
        return Configuration(config_file.evaluate(config, os.getcwd()), {}, {})

    def load(self, uri: str, cfg: Config) -> Callable[..., Any]:
        if uri.startswith(PASTE):
            return paste_file.load(uri[len(PASTE) :], cfg.paste_global_conf)
        return application.load(uri)


class EmbeddedSource:
    """An embedding program. `app` is like the applications of gunicorn.app.base: it has `cfg` and `wsgi()`."""

    def __init__(self, app: Any) -> None:
        self._app = app

    def configure(self, config: Optional[str]) -> Configuration:
        # The constructor of the application object has read all sources.
        cfg = self._app.cfg
        file = getattr(cfg, "file", None) or ConfigFile(None, {}, {})
        framework, overrides = explicit(cfg), getattr(cfg, "overrides", {})
        objects = {**framework, **file.namespace, **overrides}
        return Configuration(file, jsonable_names(framework), jsonable_names(overrides), objects)

    def load(self, uri: str, cfg: Config) -> Callable[..., Any]:
        # The settings that the arbiter has resolved from all sources.
        self._app.cfg = cfg
        loaded = self._app.wsgi()
        if not callable(loaded):
            owner = type(self._app).__name__
            raise AppImportError(f"{owner}.load() must return a callable application; it returned {loaded!r}")
        return loaded  # type: ignore[no-any-return]


def explicit(cfg: Any) -> Dict[str, Any]:
    """The settings made by the program; for a Config that does not record them, those that differ from the default."""
    framework = getattr(cfg, "framework", None)
    if framework is not None:
        return dict(framework)
    return {name: setting.value for name, setting in cfg.settings.items() if setting.value != setting.default}
