"""Requests and responses as hooks get them. The gateway parses HTTP, so there is no parser here."""

from __future__ import annotations

from gunicorn import _missing
from gunicorn.http.message import Message, Request

__all__ = ["Message", "Request"]

__getattr__ = _missing.getattr_of(__name__)
