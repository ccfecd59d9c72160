"""Names the interpreter in the text of an import that has failed: the module may well be there for another one."""

from __future__ import annotations

import sys
from typing import List, Optional

_HINT = "--python names another one"


def name_interpreter(error: Optional[BaseException]) -> None:
    """In each missing module on the way to `error`."""
    seen: List[BaseException] = []
    while error is not None and not any(error is each for each in seen):
        if isinstance(error, ModuleNotFoundError) and _HINT not in str(error):
            version = ".".join(map(str, sys.version_info[:3]))
            error.msg += f" (the interpreter is {sys.executable}, Python {version}; {_HINT})"
        seen.append(error)
        error = error.__cause__ or error.__context__
