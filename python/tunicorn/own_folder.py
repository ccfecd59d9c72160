"""The folder of this package: the base of every path inside it."""

from __future__ import annotations

import os

OWN_FOLDER = os.path.dirname(os.path.abspath(__file__)) + os.sep
"""Ends with the separator, so every file of the package starts with it."""
PACKAGES_FOLDER = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
"""Holds the packages `tunicorn` and `gunicorn`."""
