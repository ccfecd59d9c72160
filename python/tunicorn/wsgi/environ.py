"""The WSGI environ: a base that is the same for every request of a worker, and one request's copy of it.

The worker builds the base once; the request runner calls `request_environ` for each ticket.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any, Protocol
from urllib.parse import unquote_to_bytes

from tunicorn.wsgi.file_wrapper import FileWrapper, ReadFileWrapper
from tunicorn.wsgi.request_body import FileBody, MemoryBody

SPOOL_FIELD = "tunicorn.spool"


class ErrorStream(Protocol):
    """What PEP 3333 asks of `wsgi.errors`."""

    def write(self, text: str, /) -> Any: ...

    def writelines(self, lines: Iterable[str], /) -> Any: ...

    def flush(self) -> Any: ...


def base_environ(
    multiprocess: bool,
    server_software: str,
    errors: ErrorStream,
    multithread: bool = False,
    sendfile: bool = True,
) -> dict[str, Any]:
    """What does not differ from request to request, or is overridden by the ticket's fields when it does."""
    return {
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.errors": errors,
        "wsgi.multithread": multithread,
        "wsgi.multiprocess": multiprocess,
        "wsgi.run_once": False,
        "wsgi.file_wrapper": FileWrapper if sendfile else ReadFileWrapper,
        "wsgi.input_terminated": True,
        # Every request puts its own here: to overwrite an entry is cheaper than to add one.
        "wsgi.early_hints": None,
        "tunicorn.client_disconnected": None,
        "SERVER_SOFTWARE": server_software,
        "SCRIPT_NAME": os.environ.get("SCRIPT_NAME", ""),
    }


def request_environ(base: dict[str, Any], fields: dict[str, str], body: bytes, raw_path: int) -> dict[str, Any]:
    """One request's environ. Raises OSError when its body was spooled to a file that cannot be opened.

    The caller closes `wsgi.input`: a spooled body is an open file.
    """
    environ = base.copy()
    environ.update(fields)
    if raw_path:
        environ["PATH_INFO"] = unquote_to_bytes(environ.get("PATH_INFO", "").encode("latin-1")).decode("latin-1")
    if SPOOL_FIELD in environ:
        environ["wsgi.input"] = FileBody(environ.pop(SPOOL_FIELD))
    else:
        environ["wsgi.input"] = MemoryBody(body)
    return environ
