"""The class of the `resp` that hooks get, and the wrapper for files."""

from __future__ import annotations

from gunicorn import SERVER, SERVER_SOFTWARE, _missing
from tunicorn.wsgi.file_wrapper import FileWrapper
from tunicorn.wsgi.response_object import ResponseView as Response

# Lets server_name.py detect a replacement.
_ORIGINAL_RESPONSE = Response
_ORIGINAL_NAMES = dict(vars(Response))

__all__ = ["SERVER", "SERVER_SOFTWARE", "FileWrapper", "Response"]

__getattr__ = _missing.getattr_of(__name__)
