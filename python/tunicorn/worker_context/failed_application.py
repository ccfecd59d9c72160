"""The setting `reload`: a page with the traceback, served while the application cannot be loaded.

The files that it names are watched, so the application is loaded again when one of them is fixed.
"""

from __future__ import annotations

import os
import sys
import traceback
from typing import Any, Callable, Iterator, List, Optional, Set

from tunicorn.application import load_application as application
from tunicorn.hook_objects.application_object import Application
from tunicorn.log.catalog import say, text_of, workers
from tunicorn.log.log_protocol import Log
from tunicorn.log.tracebacks import user_traceback


class FailedApplication:
    """A WSGI application. `files` are those involved in the failure; some may not exist yet."""

    def __init__(self, text: str, files: List[str]) -> None:
        self.files = files
        self.body = (text.rstrip("\n") + "\n").encode("utf-8", "backslashreplace")

    def __call__(self, environ: Any, start_response: Callable[..., Any]) -> List[bytes]:
        headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(self.body)))]
        start_response("500 Internal Server Error", headers)
        return [self.body]


def load_or_show(app: Application, log: Log, is_exiting: Callable[[], bool]) -> Callable[..., Any]:
    """Returns the application. If it cannot be loaded, logs why and returns a page that says so."""
    try:
        return app.wsgi()
    except application.AppImportError as error:
        text = text_of(workers.APP_NOT_LOADED, reason=error)
        say(log, workers.APP_NOT_LOADED, reason=error)
        app.callable = FailedApplication(text, files_of(error))
    except Exception as error:
        text = user_traceback(error)
        say(log, workers.APP_RAISED, traceback=text.rstrip("\n"))
        app.callable = FailedApplication(text, files_of(error))
    except SystemExit as error:
        if is_exiting():
            raise
        exited = {"code": repr(error.code), "where": "while it was being imported"}
        say(log, workers.APP_EXITED, **exited)
        called = text_of(workers.APP_EXITED, **exited)
        app.callable = FailedApplication(f"{user_traceback(error)}\n{called}", files_of(error))
    return app.callable


def files_of(error: BaseException) -> List[str]:
    """The files in the tracebacks of the whole exception chain, and those that an import did not find."""
    files: Set[str] = set()
    for link in _chain(error):
        for frame, _ in traceback.walk_tb(link.__traceback__):
            files.add(frame.f_code.co_filename)
        if isinstance(link, SyntaxError) and link.filename:
            files.add(link.filename)
        if isinstance(link, ModuleNotFoundError) and link.name:
            files.update(_where_it_might_be(link.name))
    return sorted(os.path.abspath(file) for file in files if not file.startswith("<"))


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: Set[int] = set()
    waiting: List[Optional[BaseException]] = [error]
    while waiting:
        link = waiting.pop()
        if link is None or id(link) in seen:
            continue
        seen.add(id(link))
        waiting += [link.__cause__, link.__context__]
        yield link


def _where_it_might_be(module_name: str) -> Iterator[str]:
    """A file that does not exist yet can only be watched by its name."""
    parts = module_name.split(".")
    for folder in sys.path:
        if "site-packages" in folder or "dist-packages" in folder or not os.path.isdir(folder):
            continue
        for length in range(1, len(parts) + 1):
            stem = os.path.join(folder, *parts[:length])
            # A folder is a package even without an __init__.py.
            yield stem
            yield stem + ".py"
            yield os.path.join(stem, "__init__.py")
