"""Makes `tunicorn` and `gunicorn` mean Tunicorn's packages inside its processes, whatever else is installed.

The classes of the objects that hooks get must be those that hooks import. Nothing else is shadowed: the folder itself
is last on sys.path.
"""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Optional, Sequence

from tunicorn.own_folder import PACKAGES_FOLDER

NAMES = ("tunicorn", "gunicorn")


class _OwnPackages:
    @staticmethod
    def find_spec(
        name: str, path: Optional[Sequence[str]] = None, target: Optional[ModuleType] = None
    ) -> Optional[ModuleSpec]:
        return PathFinder.find_spec(name, [PACKAGES_FOLDER], target) if name in NAMES else None


def install() -> None:
    sys.meta_path.insert(0, _OwnPackages)
