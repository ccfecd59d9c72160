"""Warns about handlers on `gunicorn.access` that see no requests: by default the gateway writes that log."""

from __future__ import annotations

import logging
from typing import Any, Optional

from tunicorn.log.catalog import logs


def warning_about_access_logger(cfg: Any) -> Optional[str]:
    """None if there is no access log, or nothing on the logger."""
    logger = logging.getLogger("gunicorn.access")
    handlers = [handler for handler in logger.handlers if not getattr(handler, "_gunicorn", False)]
    what = "filters" if logger.filters else "handlers" if handlers else None
    if what is None or cfg.accesslog is None:
        return None
    return logs.ACCESS_LOGGER_IDLE.text.format(what=what)
