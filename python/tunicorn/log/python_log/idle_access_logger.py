"""Says so when somebody has put something on `gunicorn.access` for nothing: by default the gateway writes that log.

Called by a worker that has loaded its application.
"""

from __future__ import annotations

import logging
from typing import Any, Optional


def warning_about_access_logger(cfg: Any) -> Optional[str]:
    """None where there is nothing to say: no access log, or nothing on the logger."""
    logger = logging.getLogger("gunicorn.access")
    handlers = [handler for handler in logger.handlers if not getattr(handler, "_gunicorn", False)]
    what = "filters" if logger.filters else "handlers" if handlers else None
    if what is None or cfg.accesslog is None:
        return None
    return (
        f"The {what} that were put on the logger gunicorn.access see no requests: the gateway writes the access log. "
        "Set logger_class to a subclass of gunicorn.glogging.Logger to have Python write it."
    )
