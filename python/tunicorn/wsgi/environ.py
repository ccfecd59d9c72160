"""The WSGI environ: a base, built once per worker, and a copy of it for each request.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any, Protocol

from tunicorn.wsgi.file_wrapper import FileWrapper, ReadFileWrapper
from tunicorn.wsgi.request_body import EMPTY_BODY, FileBody, MemoryBody

SPOOL_FIELD = "tunicorn.spool"


class ErrorStream(Protocol):
    """The methods that PEP 3333 requires of `wsgi.errors`."""

    def write(self, text: str, /) -> Any: ...

    def writelines(self, lines: Iterable[str], /) -> Any: ...

    def flush(self) -> Any: ...


def base_environ(
    multiprocess: bool,
    server_software: str,
    errors: ErrorStream,
    *,
    multithread: bool = False,
    sendfile: bool = True,
) -> dict[str, Any]:
    """The entries that are the same for all requests, or that the ticket's fields override."""
    return {
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.errors": errors,
        "wsgi.multithread": multithread,
        "wsgi.multiprocess": multiprocess,
        "wsgi.run_once": False,
        "wsgi.file_wrapper": FileWrapper if sendfile else ReadFileWrapper,
        "wsgi.input_terminated": True,
        # Every request overwrites this, which is cheaper than adding an entry.
        "wsgi.early_hints": None,
        "tunicorn.client_disconnected": None,
        "SERVER_SOFTWARE": server_software,
        "SCRIPT_NAME": os.environ.get("SCRIPT_NAME", ""),
    }


def request_environ(base: dict[str, Any], fields: dict[str, str], body: bytes, raw_path: int) -> dict[str, Any]:
    """The environ of one request. Raises OSError if its body was spooled to a file that cannot be opened.

    The caller must close `wsgi.input`: a spooled body is an open file.
    """
    environ = base.copy()
    environ.update(fields)
    if raw_path:
        from urllib.parse import unquote_to_bytes

        environ["PATH_INFO"] = unquote_to_bytes(environ.get("PATH_INFO", "").encode("latin-1")).decode("latin-1")
    if SPOOL_FIELD in environ:
        environ["wsgi.input"] = FileBody(environ.pop(SPOOL_FIELD))
    else:
        environ["wsgi.input"] = MemoryBody(body) if body else EMPTY_BODY
    return environ
