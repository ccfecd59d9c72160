"""Warns about handlers on `gunicorn.access` that see no requests: by default the gateway writes that log."""

from __future__ import annotations

import logging
from typing import Any

from tunicorn.log.catalog import logs, say
from tunicorn.log.log_protocol import Log


def warn_about_access_logger(cfg: Any, log: Log) -> None:
    logger = logging.getLogger("gunicorn.access")
    handlers = [handler for handler in logger.handlers if not getattr(handler, "_gunicorn", False)]
    what = "filters" if logger.filters else "handlers" if handlers else None
    if what is not None and cfg.accesslog is not None:
        say(log, logs.ACCESS_LOGGER_IDLE, what=what)
