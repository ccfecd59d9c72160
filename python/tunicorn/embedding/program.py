"""What a forkserver serves: where its settings come from, and how its application is found.

The forkserver asks `configure` once, and whoever needs the application, forkserver or worker, asks `load`.
"""

from __future__ import annotations

import os
import sys
from typing import Any, Callable, Dict, NamedTuple, Optional, Protocol

from tunicorn.application import load_application as application
from tunicorn.config import config_file, paste_file
from tunicorn.config.config import Config
from tunicorn.config.config_file import ConfigFile
from tunicorn.config.server_name import replaced_response

# As in src/cli/start/paste-file.ts.
PASTE = "config:"


class Configuration(NamedTuple):
    """The names of the configuration file, and what an embedding program sets below and above them."""

    file: ConfigFile
    framework: Dict[str, Any]
    overrides: Dict[str, Any]
    objects: Optional[Dict[str, Any]] = None
    """By setting, what JSON cannot carry, such as hooks; None: the names of the file."""


class Program(Protocol):
    def configure(self, config: Optional[str]) -> Configuration:
        """`config` is what `-c` gave. May raise ConfigFileError."""

    def load(self, uri: str, cfg: Config) -> Callable[..., Any]:
        """May raise AppImportError, and whatever the application raises."""


class CommandProgram:
    """What the command is given: a configuration file, and an application by its name."""

    def configure(self, config: Optional[str]) -> Configuration:
        sys.path.insert(0, os.getcwd())
        return Configuration(config_file.evaluate(config, os.getcwd()), {}, {})

    def load(self, uri: str, cfg: Config) -> Callable[..., Any]:
        if uri.startswith(PASTE):
            return paste_file.load(uri[len(PASTE) :], cfg.paste_global_conf)
        return application.load(uri)


def server_names() -> Dict[str, Optional[str]]:
    """gunicorn.SERVER and gunicorn.SERVER_SOFTWARE, where somebody has assigned them: what responses, and the environ,
    are to say instead of the usual."""
    # Gunicorn's responses read the copies of gunicorn.http.wsgi, so that some assign there.
    modules = [sys.modules.get(name) for name in ("gunicorn", "gunicorn.http.wsgi")]
    defaults = getattr(modules[0], "_DEFAULT_NAMES", {})
    names: Dict[str, Optional[str]] = {"server": None, "server_software": None}
    for key, attribute in (("server", "SERVER"), ("server_software", "SERVER_SOFTWARE")):
        for module in modules:
            value = getattr(module, attribute, None)
            if isinstance(value, str) and value != defaults.get(attribute):
                names[key] = value
    replaced = replaced_response()
    if replaced.server is not None:
        names["server"] = replaced.server
    return {**names, "server_warning": replaced.warning}
