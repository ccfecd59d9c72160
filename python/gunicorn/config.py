"""Config and its settings. The table of settings belongs to the arbiter: a program cannot add to it."""

from __future__ import annotations

from typing import Any

from gunicorn import _missing
from tunicorn.config.config import Config, Setting
from tunicorn.config.config_file import default_config_file

__all__ = ["Config", "Setting", "get_default_config_file"]

get_default_config_file = default_config_file


def __getattr__(name: str) -> Any:
    if name == "KNOWN_SETTINGS":
        return list(Config().settings.values())
    return _unknown(name)


_unknown = _missing.getattr_of(__name__, callers=2)
