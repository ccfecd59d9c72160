"""Names the interpreter in the text of a failed import: the module may be installed for another one."""

from __future__ import annotations

import sys
from typing import List, Optional

_HINT = "--python names another one"


def name_interpreter(error: Optional[BaseException]) -> None:
    """Extends the text of each missing module in the exception chain of `error`."""
    seen: List[BaseException] = []
    while error is not None and not any(error is each for each in seen):
        if isinstance(error, ModuleNotFoundError) and _HINT not in str(error):
            version = ".".join(map(str, sys.version_info[:3]))
            error.msg += f" (the interpreter is {sys.executable}, Python {version}; {_HINT})"
        seen.append(error)
        error = error.__cause__ or error.__context__
