"""Applications described by a Paste file, `FILE.ini[#NAME]`, which PasteDeploy loads."""

from __future__ import annotations

import os
from typing import Any, Callable, Dict, Optional

from tunicorn.application.load_application import AppImportError


def absolute(location: str) -> str:
    """Raises FileNotFoundError with Gunicorn's text."""
    path = os.path.abspath(location)
    if not os.path.exists(file_of(path)):
        raise FileNotFoundError(f"{file_of(path)!r} not found")
    return path


def file_of(location: str) -> str:
    return location.partition("#")[0]


def has_loggers(location: str) -> bool:
    """Whether the file also configures `logging`."""
    import configparser

    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.read(file_of(location))
    return parser.has_section("loggers")


def load(location: str, global_conf: Optional[Dict[str, str]]) -> Callable[..., Any]:
    try:
        from paste.deploy import loadapp  # type: ignore[import-not-found, import-untyped, unused-ignore]
    except ModuleNotFoundError as error:
        if error.name not in ("paste", "paste.deploy"):
            raise
        raise AppImportError("The setting paste needs PasteDeploy: pip install PasteDeploy") from None
    return loadapp(f"config:{location}", relative_to=os.getcwd(), global_conf=global_conf)  # type: ignore[no-any-return]
