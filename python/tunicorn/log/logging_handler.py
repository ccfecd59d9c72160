"""Routes Python's logging to the error log, for applications that reuse Gunicorn's loggers `gunicorn.error` and
`gunicorn.access`, or copy their handlers to loggers of their own.
"""

from __future__ import annotations

import logging

from tunicorn.generated_facts import LOG_LEVELS
from tunicorn.log.log import LINE_FORMAT, TIME_FORMAT, ErrorLog

LOGGERS = ("gunicorn.error", "gunicorn.access")


class ErrorLogHandler(logging.Handler):
    """Uses Gunicorn's format until the application sets another formatter."""

    def __init__(self, log: ErrorLog) -> None:
        super().__init__()
        self._log = log
        self._own_formatter = logging.Formatter(LINE_FORMAT, TIME_FORMAT)
        self.setFormatter(self._own_formatter)

    def emit(self, record: logging.LogRecord) -> None:
        try:
            if self._log.form == "json" and self.formatter is self._own_formatter:
                self._emit_json(record)
                return
            self._log.write_bytes((self.format(record) + "\n").encode("utf-8", "backslashreplace"))
        except RecursionError:
            raise
        except Exception:
            self.handleError(record)

    def _emit_json(self, record: logging.LogRecord) -> None:
        stack = None
        if record.exc_info:
            stack = self._own_formatter.formatException(record.exc_info)
        level = record.levelname.lower()
        self._log.write_entry(level, record.getMessage(), logger=record.name, traceback=stack)


def install(log: ErrorLog) -> ErrorLogHandler:
    """Replaces the handlers of an earlier installation and keeps all others. Returns the handler of `gunicorn.error`.
    """
    error_handler, access_handler = ErrorLogHandler(log), ErrorLogHandler(log)
    for name, handler in zip(LOGGERS, (error_handler, access_handler)):
        logger = logging.getLogger(name)
        handler._gunicorn = True  # type: ignore[attr-defined]
        logger.handlers = [handler, *(kept for kept in logger.handlers if not getattr(kept, "_gunicorn", False))]
        logger.setLevel(LOG_LEVELS[log.level])
        logger.propagate = False
    return error_handler
