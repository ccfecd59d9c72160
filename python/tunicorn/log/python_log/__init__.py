"""Creates `server.log` and `worker.log` by the settings.

By default they write to the error log directly, and the gateways write the access log. With a user's logger_class or a
log configuration, Python's loggers write everything, including the lines of arbiter and gateways.
"""

from __future__ import annotations

import traceback
from typing import Any, NamedTuple, Type

from tunicorn.log.log import ErrorLog
from tunicorn.log.python_log.error_streams import ErrorStreams
from tunicorn.log.python_log.fast_logger import FastLogger
from tunicorn.log.python_log.log_files import LogConfigError
from tunicorn.log.python_log.logger import Logger
from tunicorn.log.python_log.statsd import FastStatsd, Statsd
from tunicorn.log.wsgi_errors import ErrorOutput

__all__ = ["LogConfigError", "Logger", "Logs", "make_logger", "open_logs", "unopened_logs"]


class Logs(NamedTuple):
    """The logs of a generation's processes: the forkserver opens them, and its workers inherit them."""

    error_log: ErrorLog
    logger: Any
    """A Logger, or an instance of the user's logger_class."""
    errors: ErrorOutput
    """The destination of wsgi.errors."""
    access_is_python: bool
    """Whether a worker calls logger.access() after each request."""


def open_logs(cfg: Any, error_log: ErrorLog, writer: str) -> Logs:
    """`writer` is decided by src/settings/for-processes/log-writer.ts. Raises LogConfigError."""
    logger = make_logger(cfg, error_log, writer)
    errors = error_log if isinstance(logger, FastLogger) else ErrorStreams(error_log)
    return Logs(error_log, logger, errors, writer == "python" and has_access_work(logger))


def unopened_logs(error_log: ErrorLog) -> Logs:
    """For a check of the configuration, which must not create files."""
    return Logs(error_log, error_log, error_log, False)


def make_logger(cfg: Any, error_log: ErrorLog, writer: str) -> Logger:
    """Raises LogConfigError. `error_log` is the log of the process so far."""
    chosen = logger_class(cfg)
    try:
        if writer == "python":
            return chosen(cfg)
        return FastStatsd(cfg, error_log) if chosen is Statsd else FastLogger(cfg, error_log)
    except LogConfigError:
        raise
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{where.filename}, line {where.lineno}"
        raise LogConfigError(f"logger_class: {type(error).__name__} in {place}: {error}") from error


def logger_class(cfg: Any) -> Type[Logger]:
    """A class, or the dotted path of one; with statsd_host, Gunicorn's default is Statsd."""
    try:
        wanted = cfg.logger_class
    except Exception as error:
        name = cfg.settings["logger_class"].get()
        if not isinstance(name, str) or "." not in name:
            shown = getattr(name, "__qualname__", repr(name))
            raise LogConfigError(f"logger_class: {shown} is neither a class nor the import path of one") from error
        raise LogConfigError(f"logger_class: cannot import {name!r}: {error}") from error
    chosen: Type[Logger] = wanted
    return Statsd if chosen is Logger and cfg.statsd_host else chosen


def has_access_work(logger: Any) -> bool:
    """Whether calling access() after each request has any effect."""
    # A user's own access() decides for itself, and may do more than logging.
    is_own = getattr(type(logger), "access", None) is Logger.access
    return bool(logger.access_log_enabled) if is_own else True

