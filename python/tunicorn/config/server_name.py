"""The server's name, if a configuration file or a program has changed it: by gunicorn.SERVER or SERVER_SOFTWARE, or by
replacing gunicorn.http.wsgi.Response, which writes the head of a response in Gunicorn.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Dict, List, NamedTuple, Optional, Set

import gunicorn

if TYPE_CHECKING:
    from tunicorn.link.messages import ServerNames

# Attributes that affect the Server header, and those that every class has.
_HEEDED = {"__init__", "default_headers", "version", "__module__", "__doc__", "__dict__", "__weakref__", "__qualname__"}
_HEEDED |= {"__firstlineno__", "__static_attributes__", "__annotations__", "__orig_bases__"}


class Replaced(NamedTuple):
    #: The new value of the Server header, "" for no such header; None if it is unchanged.
    server: Optional[str]
    #: Why the replacement has no effect; the arbiter logs it (src/log/catalog/settings.ts).
    warning: Optional[str]


class _Request:
    """The part of a request that `default_headers` may use."""

    method = "GET"
    version = (1, 1)

    def __init__(self) -> None:
        self.headers: List[Any] = []
        self.phase = 0
        self.status_code = 200
        self.declared_length = 0
        self.passed_bytes = 0
        self.closes = False

    def should_close(self) -> bool:
        return False


def server_names() -> ServerNames:
    # Gunicorn's responses read the copies in gunicorn.http.wsgi, so some programs assign there.
    modules = [sys.modules.get(name) for name in ("gunicorn", "gunicorn.http.wsgi")]
    defaults = getattr(modules[0], "_DEFAULT_NAMES", {})
    changed: Dict[str, str] = {}
    for attribute in ("SERVER", "SERVER_SOFTWARE"):
        for module in modules:
            value = getattr(module, attribute, None)
            if isinstance(value, str) and value != defaults.get(attribute):
                changed[attribute] = value
    replaced = replaced_response()
    return {
        "server": changed.get("SERVER") if replaced.server is None else replaced.server,
        "server_software": changed.get("SERVER_SOFTWARE"),
        "server_warning": replaced.warning,
    }


def replaced_response() -> Replaced:
    module: Any = sys.modules.get("gunicorn.http.wsgi")
    if module is None:
        return Replaced(None, None)
    names = _replaced_names(module.Response, module._ORIGINAL_RESPONSE, module._ORIGINAL_NAMES)
    if not names:
        return Replaced(None, None)
    idle = sorted(names - _HEEDED)
    try:
        fields = _fields_of(module.Response(_Request(), None, None).default_headers())
    except Exception as error:
        return Replaced(None, f"its headers cannot be read ({type(error).__name__}: {error})")
    idle += [name for name in fields if name not in ("server", "date", "connection", "transfer-encoding")]
    server = fields.get("server", "")
    warning = f"the gateway writes responses and does not use {', '.join(idle)}" if idle else None
    # Gunicorn's own name is not a change; responses here do not use it.
    return Replaced(None if server == gunicorn.SERVER else server, warning)


def _replaced_names(found: Any, original: type, original_names: Dict[str, Any]) -> Set[str]:
    own = {name for base in found.__mro__ if not issubclass(original, base) for name in vars(base)}
    patched = {name for name, value in vars(original).items() if original_names.get(name) is not value}
    return own | patched


def _fields_of(lines: List[Any]) -> Dict[str, str]:
    fields: Dict[str, str] = {}
    for line in lines[1:] if lines and str(lines[0]).startswith("HTTP/") else lines:
        name, _, value = str(line).partition(":")
        fields[name.strip().lower()] = value.strip()
    return fields
