"""Python's logging, led to the error log, for applications that reuse Gunicorn's loggers. Called by log.py."""

from __future__ import annotations

import logging

from tunicorn.log import LEVELS, LINE_FORMAT, TIME_FORMAT, ErrorLog

LOGGERS = ("gunicorn.error", "gunicorn.access")


class ErrorLogHandler(logging.Handler):
    """Has Gunicorn's format until somebody sets another formatter, which applications do."""

    def __init__(self, log: ErrorLog) -> None:
        super().__init__()
        self._log = log
        self.setFormatter(logging.Formatter(LINE_FORMAT, TIME_FORMAT))

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._log.write_bytes((self.format(record) + "\n").encode("utf-8", "backslashreplace"))
        except RecursionError:
            raise
        except Exception:
            self.handleError(record)


def install(log: ErrorLog) -> None:
    for name in LOGGERS:
        logger = logging.getLogger(name)
        # After a fork of a process that has had handlers already, they are replaced, not joined.
        logger.handlers = [ErrorLogHandler(log)]
        logger.setLevel(LEVELS[log.level])
        logger.propagate = False
