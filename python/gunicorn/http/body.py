"""What `wsgi.input` is an instance of."""

from __future__ import annotations

import io

from gunicorn import _missing

# Bytes in memory, or an open file: the gateway has read the body, and taken it out of its chunks, before.
Body = io.BufferedIOBase

__all__ = ["Body"]

__getattr__ = _missing.getattr_of(__name__)
