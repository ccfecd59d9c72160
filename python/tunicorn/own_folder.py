"""Where this package lies: the base of every path within it, whichever subfolder a module is in."""

from __future__ import annotations

import os

OWN_FOLDER = os.path.dirname(os.path.abspath(__file__)) + os.sep
"""With the separator at its end, so that a file of ours is one whose name starts with it."""
PACKAGES_FOLDER = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
"""Holds the packages `tunicorn` and `gunicorn`."""
