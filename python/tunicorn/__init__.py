"""Tunicorn inside a Python process: the forkserver, the workers, and their communication with arbiter and gateways.

`run` is for programs that start the server themselves.
"""

from __future__ import annotations

from tunicorn.embedding import initial_process  # noqa: F401  (what there is to know at the start)
from tunicorn.version import __version__ as __version__

# Importing it from `typing` would take a fifth of the launcher's time.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, NoReturn, Union

    Application = Union[str, Callable[..., Any]]


def run(app: Application, **settings: Any) -> NoReturn:
    """Serves `app`, a WSGI application or the name of one (`module:callable`); keywords are settings, by name.

    Does not return. `config` names a configuration file, which the keywords override. See docs/embedding.md.
    """
    from tunicorn.embedding.keyword_application import KeywordApplication
    from tunicorn.embedding.serve import serve

    serve(KeywordApplication(app, settings))
