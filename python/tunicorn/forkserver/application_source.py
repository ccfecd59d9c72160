"""Where a forkserver gets its settings and its application from: what the command names, or an embedding program.

`configure` is called once, in the forkserver; `load` wherever the application is needed, in the forkserver or a worker.
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
    """The names of the configuration file, and what an embedding program sets below and above them."""

    file: ConfigFile
    framework: Dict[str, Any]
    overrides: Dict[str, Any]
    objects: Optional[Dict[str, Any]] = None
    """By setting, what JSON cannot carry, such as hooks; None: the names of the file."""


class ApplicationSource(Protocol):
    def configure(self, config: Optional[str]) -> Configuration:
        """`config` is what `-c` gave. May raise ConfigFileError."""

    def load(self, uri: str, cfg: Config) -> Callable[..., Any]:
        """May raise AppImportError, and whatever the application raises."""


class CommandSource:
    """What the command is given: a configuration file, and an application by its name."""

    def configure(self, config: Optional[str]) -> Configuration:
        sys.path.insert(0, os.getcwd())
        return Configuration(config_file.evaluate(config, os.getcwd()), {}, {})

    def load(self, uri: str, cfg: Config) -> Callable[..., Any]:
        if uri.startswith(PASTE):
            return paste_file.load(uri[len(PASTE) :], cfg.paste_global_conf)
        return application.load(uri)


class EmbeddedSource:
    """An embedding program. `app` is like the applications of gunicorn.app.base: it holds `cfg`, and `wsgi()` loads."""

    def __init__(self, app: Any) -> None:
        self._app = app

    def configure(self, config: Optional[str]) -> Configuration:
        # Whatever is to be read, the application object has read when it was made.
        cfg = self._app.cfg
        file = getattr(cfg, "file", None) or ConfigFile(None, {}, {})
        framework, overrides = explicit(cfg), getattr(cfg, "overrides", {})
        objects = {**framework, **file.namespace, **overrides}
        return Configuration(file, jsonable_names(framework), jsonable_names(overrides), objects)

    def load(self, uri: str, cfg: Config) -> Callable[..., Any]:
        # What the arbiter has made of all sources.
        self._app.cfg = cfg
        loaded = self._app.wsgi()
        if not callable(loaded):
            owner = type(self._app).__name__
            raise AppImportError(f"{owner}.load() must return a callable application; it returned {loaded!r}")
        return loaded  # type: ignore[no-any-return]


def explicit(cfg: Any) -> Dict[str, Any]:
    """What the program has set; for a Config that does not remember it, whatever is not as by default."""
    framework = getattr(cfg, "framework", None)
    if framework is not None:
        return dict(framework)
    return {name: setting.value for name, setting in cfg.settings.items() if setting.value != setting.default}
