"""The class of the `req` that hooks get."""

from __future__ import annotations

from gunicorn import _missing
from tunicorn.wsgi.request_object import Request

# The base of Request in Gunicorn; here both are one class.
Message = Request

__all__ = ["Message", "Request"]

__getattr__ = _missing.getattr_of(__name__)
