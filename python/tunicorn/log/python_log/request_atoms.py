"""The values that an access log format may name, for one request, and the mapping that the format is applied to.

Called by Logger.access(). Values come from clients: whatever could end a quoted field or a line is escaped, as
src/log/access-log-format.ts does.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Dict, Optional

from tunicorn.log.python_log.on_behalf import acting_pid

# C0, DEL and C1 (a terminal may obey those, too), the quote that ends a field, and the backslash, so that it can be
# undone.
_unsafe = re.compile(r'["\\\x00-\x1f\x7f-\x9f]')


def escaped(value: str) -> str:
    return _unsafe.sub(_escape, value)


def _escape(found: re.Match[str]) -> str:
    character = found.group()
    return "\\" + character if character in '"\\' else f"\\x{ord(character):02X}"


class SafeAtoms(Dict[str, Any]):
    """What `access_log_format % atoms` reads. What is not there is `-`; names in braces have no case."""

    def __init__(self, atoms: Mapping[str, Any]) -> None:
        super().__init__({key: escaped(value) if isinstance(value, str) else value for key, value in atoms.items()})

    def __getitem__(self, key: str) -> Any:
        if key.startswith("{"):
            key = key.lower()
        return super().__getitem__(key) if key in self else "-"


def request_atoms(resp: Any, req: Any, environ: Mapping[str, Any], request_time: timedelta, now: str) -> Dict[str, Any]:
    """As they are: not escaped yet, so that a subclass of Logger can work with them."""
    status = resp.status
    if isinstance(status, str):
        status = status.split(None, 1)[0] if status.strip() else "-"
    elif status is None:  # The client left before there was any.
        status = "-"
    sent = getattr(resp, "sent", None)
    microseconds = request_time.seconds * 1_000_000 + request_time.microseconds
    atoms: Dict[str, Any] = {
        "h": environ.get("REMOTE_ADDR", "-"),
        "l": "-",
        "u": basic_auth_user(environ) or "-",
        "t": now,
        "r": _request_line(environ),
        "s": status,
        "m": environ.get("REQUEST_METHOD", "-"),
        "U": environ.get("PATH_INFO", "-"),
        "q": environ.get("QUERY_STRING", "-"),
        "H": environ.get("SERVER_PROTOCOL", "-"),
        "b": "-" if sent is None else str(sent),
        "B": sent,
        "f": environ.get("HTTP_REFERER", "-"),
        "a": environ.get("HTTP_USER_AGENT", "-"),
        "T": request_time.seconds,
        "D": microseconds,
        "M": microseconds // 1000,
        "L": f"{request_time.seconds}.{request_time.microseconds:06d}",
        "Q": int(environ.get("tunicorn.queue_time", 0) * 1000),
        "p": f"<{acting_pid()}>",
    }
    atoms.update((f"{{{name.lower()}}}i", value) for name, value in _pairs(req))
    atoms.update((f"{{{name.lower()}}}o", value) for name, value in _pairs(resp))
    atoms.update((f"{{{name.lower()}}}e", value) for name, value in environ.items())
    return atoms


def _request_line(environ: Mapping[str, Any]) -> str:
    """Of a request whose first line cannot be read, nothing is known."""
    parts = [environ.get(name) for name in ("REQUEST_METHOD", "RAW_URI", "SERVER_PROTOCOL")]
    return "-" if parts == [None, None, None] else " ".join(str(part) for part in parts)


def basic_auth_user(environ: Mapping[str, Any]) -> Optional[str]:
    """The name that the client claims (RFC 7617); whether the password was right, only the application knows."""
    scheme, _, credentials = str(environ.get("HTTP_AUTHORIZATION", "")).partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, _ = base64.b64decode(credentials.strip(), validate=True).partition(b":")
        return user.decode("utf-8") if colon else None
    except (binascii.Error, ValueError):
        return None


def _pairs(message: Any) -> Any:
    """Headers of a request or a response: a list of pairs, or a mapping."""
    headers = getattr(message, "headers", None) or ()
    return headers.items() if hasattr(headers, "items") else headers
