"""Imports modules of Tunicorn."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType


def import_own(name: str) -> ModuleType:
    """Writes the bytecode even with PYTHONDONTWRITEBYTECODE, as pip does for the modules of a package: compiling them
    would double the time of each start.
    """
    unwritten, sys.dont_write_bytecode = sys.dont_write_bytecode, False
    try:
        return importlib.import_module(name)
    finally:
        sys.dont_write_bytecode = unwritten
