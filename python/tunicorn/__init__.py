"""Tunicorn inside a Python process: the forkserver, the workers, and what they say to the arbiter and the gateway.

`run` is for programs that serve an application by themselves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, NoReturn, Union

from tunicorn.embedding import initial_process  # noqa: F401  (what there is to know at the start)
from tunicorn.version import __version__ as __version__

if TYPE_CHECKING:
    Application = Union[str, Callable[..., Any]]


def run(app: Application, **settings: Any) -> NoReturn:
    """Serves `app`, a WSGI application or the name of one (`module:callable`); keywords are settings, by their names.

    Does not return. `config` names a configuration file, over which the keywords go. See docs/embedding.md.
    """
    from tunicorn.embedding.keyword_application import KeywordApplication
    from tunicorn.embedding.serve import serve

    serve(KeywordApplication(app, settings))
