"""The values that an access log format may name, for one request, and the mapping that the format is applied to.

Values come from clients: characters that could end a quoted field or a line are escaped, as in
src/log/access-log-format.ts.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Dict, Optional

from tunicorn.log.python_log.on_behalf import acting_pid

# C0, DEL and C1 (terminals may interpret them), the quote that ends a field, and the backslash, so that escaping is
# reversible.
_unsafe = re.compile(r'["\\\x00-\x1f\x7f-\x9f]')


def escaped(value: str) -> str:
    return _unsafe.sub(_escape, value)


def _escape(found: re.Match[str]) -> str:
    character = found.group()
    return "\\" + character if character in '"\\' else f"\\x{ord(character):02X}"


class SafeAtoms(Dict[str, Any]):
    """The mapping for `access_log_format % atoms`. Missing values are `-`; names in braces ignore case."""

    def __init__(self, atoms: Mapping[str, Any]) -> None:
        super().__init__({key: escaped(value) if isinstance(value, str) else value for key, value in atoms.items()})

    def __getitem__(self, key: str) -> Any:
        if key.startswith("{"):
            key = key.lower()
        return super().__getitem__(key) if key in self else "-"


def request_atoms(
    resp: Any, req: Any, environ: Mapping[str, Any], request_time: timedelta, *, now: str
) -> Dict[str, Any]:
    """Not escaped yet, so that a subclass of Logger can work with the values."""
    status = resp.status
    if isinstance(status, str):
        status = status.split(None, 1)[0] if status.strip() else "-"
    elif status is None:  # The client left before the application set one.
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
    """`-` if the first line of the request could not be parsed."""
    parts = [environ.get(name) for name in ("REQUEST_METHOD", "RAW_URI", "SERVER_PROTOCOL")]
    return "-" if parts == [None, None, None] else " ".join(str(part) for part in parts)


def basic_auth_user(environ: Mapping[str, Any]) -> Optional[str]:
    """The user name that the client claims (RFC 7617); only the application knows whether the password was right."""
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
