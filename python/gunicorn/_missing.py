"""The errors for modules and names of Gunicorn that Tunicorn's compatibility package does not have."""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Callable, Optional, Sequence

from tunicorn.embedding import initial_process  # noqa: F401  (as early as possible: it looks at the process)

_EXPLANATION = (
    "this is not Gunicorn but Tunicorn's compatibility package, which has only what config files, applications and "
    "embedding programs use; see docs/embedding.md"
)


def getattr_of(module: str, callers: int = 1) -> Callable[[str], Any]:
    """The `__getattr__` of a module (PEP 562), or a function for it to call, which adds a caller."""

    def missing(name: str) -> Any:
        message = f"module {module!r} has no attribute {name!r}: {_EXPLANATION}"
        # `from module import name` turns an AttributeError into an ImportError with another text, so this raises the
        # ImportError directly; hasattr() and getattr() with a default need the AttributeError.
        if not name.startswith("__") and _is_from_import(callers + 1):
            raise ImportError(message, name=module)
        raise AttributeError(message)

    return missing


def _is_from_import(callers: int) -> bool:
    import dis

    frame = sys._getframe(callers)
    code = frame.f_code.co_code
    return 0 <= frame.f_lasti < len(code) and dis.opname[code[frame.f_lasti]] == "IMPORT_FROM"


class _MissingModules:
    """The last finder: modules of `gunicorn` that no other finder knows do not exist."""

    @staticmethod
    def find_spec(
        name: str, path: Optional[Sequence[str]] = None, target: Optional[ModuleType] = None
    ) -> Optional[ModuleSpec]:
        if name.startswith("gunicorn."):
            raise ModuleNotFoundError(f"No module named {name!r}: {_EXPLANATION}", name=name)
        return None


def explain_missing_modules() -> None:
    sys.meta_path.append(_MissingModules)
