"""`gunicorn.glogging`: the base class for loggers of configuration files and applications."""

from __future__ import annotations

from tunicorn.log.python_log.log_config import CONFIG_DEFAULTS
from tunicorn.log.python_log.log_files import loggers
from tunicorn.log.python_log.logger import Logger
from tunicorn.log.python_log.request_atoms import SafeAtoms
from tunicorn.log.python_log.syslog_address import SYSLOG_FACILITIES, parse_syslog_address

__all__ = ["CONFIG_DEFAULTS", "SYSLOG_FACILITIES", "Logger", "SafeAtoms", "loggers", "parse_syslog_address"]
