"""Loads the application in the forkserver, before the workers are forked."""

from __future__ import annotations

import gc
import threading
import traceback
from typing import Any, Callable, Optional, Tuple

from tunicorn.application import load_application as application
from tunicorn.generated_facts import APP_LOAD_ERROR, WORKER_BOOT_ERROR
from tunicorn.hook_objects.application_object import Application
from tunicorn.log.catalog import say, workers
from tunicorn.log.log_protocol import Log
from tunicorn.log.tracebacks import user_traceback
from tunicorn.worker_context.failed_application import load_or_show


def preload(
    app: Application, log: Log, *, shows_failure: bool = False, check: Callable[[Any], None] = lambda loaded: None
) -> Optional[Tuple[int, str, str]]:
    """None, or exit status, message and traceback of a failure; with `shows_failure`, the workers serve the failure
    instead. `check` raises AppImportError for an application that cannot be run.
    """
    before = set(threading.enumerate())
    try:
        if shows_failure:
            load_or_show(app, log, lambda: False)
        else:
            check(app.wsgi())
    except application.AppImportError as error:
        return APP_LOAD_ERROR, str(error), ""
    except Exception as error:
        message = "".join(traceback.format_exception_only(type(error), error)).strip()
        return WORKER_BOOT_ERROR, message, user_traceback(error)
    except SystemExit as error:
        return WORKER_BOOT_ERROR, f"the application called sys.exit({error.code!r})", ""
    names = [thread.name for thread in threading.enumerate() if thread not in before]
    if names:
        say(log, workers.PRELOAD_THREADS, threads=", ".join(names))
    # All that is loaded now is shared with the workers; once frozen, the collector does not write to it and unshare it.
    gc.collect()
    gc.freeze()
    return None
