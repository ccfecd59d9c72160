"""Tunicorn inside a Python process: the forkserver, the workers, and what they say to the arbiter and the gateway."""

from __future__ import annotations

__version__ = "0.1.0"
