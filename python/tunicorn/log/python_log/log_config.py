"""Applies logconfig_dict, logconfig_json or logconfig, the first that is set, to Python's logging.

Every error becomes a LogConfigError that names setting, file and line.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any, Dict

from tunicorn.log.log import LINE_FORMAT, TIME_FORMAT
from tunicorn.log.python_log.log_files import LogConfigError

# Defaults for a dict or a JSON file. Its top-level keys replace these as a whole.
CONFIG_DEFAULTS: Dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "root": {"level": "INFO", "handlers": ["console"]},
    "loggers": {
        "gunicorn.error": {
            "level": "INFO",
            "handlers": ["error_console"],
            "propagate": True,
            "qualname": "gunicorn.error",
        },
        "gunicorn.access": {
            "level": "INFO",
            "handlers": ["console"],
            "propagate": True,
            "qualname": "gunicorn.access",
        },
    },
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "generic", "stream": "ext://sys.stdout"},
        "error_console": {"class": "logging.StreamHandler", "formatter": "generic", "stream": "ext://sys.stderr"},
    },
    "formatters": {"generic": {"format": LINE_FORMAT, "datefmt": TIME_FORMAT, "class": "logging.Formatter"}},
}


def is_set(cfg: Any) -> bool:
    return bool(cfg.logconfig_dict or cfg.logconfig_json or cfg.logconfig)


def apply(cfg: Any) -> None:
    if cfg.logconfig_dict:
        _apply_dict(cfg.logconfig_dict, "logconfig_dict")
    elif cfg.logconfig_json:
        path = _existing(cfg, cfg.logconfig_json)
        _apply_dict(_read_json(path), path)
    elif cfg.logconfig:
        _apply_ini(_existing(cfg, cfg.logconfig))


def _existing(cfg: Any, path: str) -> str:
    found = os.path.join(cfg.chdir, path)
    if not os.path.exists(found):
        raise LogConfigError(f"log config {path!r} not found")
    return found


def _read_json(path: str) -> Mapping[str, Any]:
    try:
        with open(path, encoding="utf-8") as file:
            value = json.load(file)
    except json.JSONDecodeError as error:
        raise LogConfigError(f"log config {path!r}, line {error.lineno}: {error.msg}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise LogConfigError(f"log config {path!r}: {error}") from error
    if not isinstance(value, dict):
        raise LogConfigError(f"log config {path!r}: wanted a JSON object, not {type(value).__name__}")
    return value


def _apply_dict(config: Mapping[str, Any], name: str) -> None:
    import logging.config

    try:
        logging.config.dictConfig({**CONFIG_DEFAULTS, **config})
    except Exception as error:
        raise LogConfigError(f"log config {name!r}: {_described(error)}") from error


def _apply_ini(path: str) -> None:
    import configparser
    import logging.config

    places = {"__file__": path, "here": os.path.dirname(os.path.abspath(path))}
    try:
        logging.config.fileConfig(path, defaults={**CONFIG_DEFAULTS, **places}, disable_existing_loggers=False)
    except configparser.Error as error:
        # Its text names file and line, on separate lines.
        raise LogConfigError(f"log config {path!r}: {' '.join(str(error).split())}") from error
    except KeyError as error:
        raise LogConfigError(f"log config {path!r}: there is no section or key {error}") from error
    except Exception as error:
        raise LogConfigError(f"log config {path!r}: {_described(error)}") from error


def _described(error: BaseException) -> str:
    """Includes the cause: dictConfig says which handler could not be created, and the cause of its error says why."""
    cause = error.__cause__
    text = " ".join(str(error).split()) or type(error).__name__
    return text if cause is None else f"{text}: {_described(cause)}"
