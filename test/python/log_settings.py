"""A stand-in for tunicorn.config.config.Config: the settings that loggers read, with their defaults."""

from __future__ import annotations

import logging
import os
from types import SimpleNamespace
from typing import Any

from tunicorn.config.config import logger_class_named


def log_settings(**changes: Any) -> SimpleNamespace:
    defaults = {
        "errorlog": "-",
        "accesslog": None,
        "access_log_format": '%(h)s %(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s"',
        "loglevel": "info",
        "capture_output": False,
        "logger_class": "gunicorn.glogging.Logger",
        "logconfig": None,
        "logconfig_dict": {},
        "logconfig_json": None,
        "syslog": False,
        "syslog_addr": "udp://localhost:514",
        "syslog_prefix": None,
        "syslog_facility": "user",
        "disable_redirect_access_to_syslog": False,
        "statsd_host": None,
        "statsd_prefix": "",
        "dogstatsd_tags": "",
        "proc_name": "app:app",
        "chdir": os.getcwd(),
        "uid": os.geteuid(),
        "gid": os.getegid(),
    }
    settings = SimpleNamespace(**{**defaults, **changes})
    if isinstance(settings.logger_class, str):
        settings.logger_class = logger_class_named(settings.logger_class)
    return settings


def reset_logging() -> None:
    for name in ("", "gunicorn.error", "gunicorn.access"):
        logger = logging.getLogger(name)
        for handler in list(logger.handlers):
            logger.removeHandler(handler)
            handler.close()
        for log_filter in list(logger.filters):
            logger.removeFilter(log_filter)
        logger.disabled = False
    logging.getLogger("gunicorn.error").propagate = True
