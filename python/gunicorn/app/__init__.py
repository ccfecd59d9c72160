"""Programs that embed the server: see gunicorn.app.base and docs/embedding.md."""

from __future__ import annotations

from gunicorn import _missing

__getattr__ = _missing.getattr_of(__name__)
