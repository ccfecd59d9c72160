"""The base class of `wsgi.input`."""

from __future__ import annotations

import io

from gunicorn import _missing

# Bytes in memory, or an open file: the gateway has read the whole body and decoded its chunks.
Body = io.BufferedIOBase

__all__ = ["Body"]

__getattr__ = _missing.getattr_of(__name__)
