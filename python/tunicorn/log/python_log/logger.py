"""Gunicorn's Logger (`gunicorn.glogging.Logger`), the base of every `logger_class`. It uses Python's logging."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
import traceback
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Dict, List, Optional, TextIO, Union

from tunicorn.log.catalog import logs, say
from tunicorn.log.log import LINE_FORMAT, TIME_FORMAT
from tunicorn.log.python_log import fork_safety, log_config
from tunicorn.log.python_log.captured_output import capture_output
from tunicorn.log.python_log.log_files import LogConfigError, file_handlers, open_handler, reopen
from tunicorn.log.python_log.request_atoms import SafeAtoms, basic_auth_user, request_atoms
from tunicorn.log.python_log.syslog_address import SYSLOG_FACILITIES, parse_syslog_address


class Logger:
    LOG_LEVELS = {
        "critical": logging.CRITICAL,
        "error": logging.ERROR,
        "warning": logging.WARNING,
        "info": logging.INFO,
        "debug": logging.DEBUG,
    }
    loglevel = logging.INFO

    error_fmt = LINE_FORMAT
    datefmt = TIME_FORMAT
    access_fmt = "%(message)s"
    syslog_fmt = "[%(process)d] %(message)s"

    atoms_wrapper_class: Any = SafeAtoms

    def __init__(self, cfg: Any) -> None:
        self.error_log = logging.getLogger("gunicorn.error")
        self.error_log.propagate = False
        self.access_log = logging.getLogger("gunicorn.access")
        self.access_log.propagate = False
        self.error_handlers: List[logging.Handler] = []
        self.access_handlers: List[logging.Handler] = []
        self.logfile: Optional[TextIO] = None
        self.lock = threading.Lock()
        self.cfg = cfg
        self.setup(cfg)

    def setup(self, cfg: Any) -> None:
        """Keeps handlers added by the application, and replaces those of an earlier set-up."""
        self.loglevel = self.LOG_LEVELS.get(cfg.loglevel.lower(), logging.INFO)
        self.error_log.setLevel(self.loglevel)
        self.access_log.setLevel(logging.INFO)
        if cfg.capture_output and cfg.errorlog != "-":
            self.logfile = _append_to(self._path(cfg.errorlog))
            capture_output(self.logfile.fileno())
        fork_safety.register()
        self._set_handler(self.error_log, cfg.errorlog, logging.Formatter(self.error_fmt, self.datefmt))
        self._set_handler(self.access_log, cfg.accesslog, fmt=logging.Formatter(self.access_fmt), stream=sys.stdout)
        if cfg.syslog:
            self._set_syslog_handler(self.error_log, cfg, self.syslog_fmt, "error")
            if not cfg.disable_redirect_access_to_syslog:
                self._set_syslog_handler(self.access_log, cfg, self.syslog_fmt, "access")
        log_config.apply(cfg)

    def critical(self, msg: Any, *args: Any, **kwargs: Any) -> None:
        self.error_log.critical(msg, *args, **kwargs)

    def error(self, msg: Any, *args: Any, **kwargs: Any) -> None:
        self.error_log.error(msg, *args, **kwargs)

    def warning(self, msg: Any, *args: Any, **kwargs: Any) -> None:
        self.error_log.warning(msg, *args, **kwargs)

    def info(self, msg: Any, *args: Any, **kwargs: Any) -> None:
        self.error_log.info(msg, *args, **kwargs)

    def debug(self, msg: Any, *args: Any, **kwargs: Any) -> None:
        self.error_log.debug(msg, *args, **kwargs)

    def exception(self, msg: Any, *args: Any, **kwargs: Any) -> None:
        self.error_log.exception(msg, *args, **kwargs)

    def log(self, lvl: Union[int, str], msg: Any, *args: Any, **kwargs: Any) -> None:
        level = self.LOG_LEVELS.get(lvl.lower(), logging.INFO) if isinstance(lvl, str) else lvl
        self.error_log.log(level, msg, *args, **kwargs)

    @property
    def access_log_enabled(self) -> bool:
        cfg = self.cfg
        to_syslog = cfg.syslog and not cfg.disable_redirect_access_to_syslog
        return bool(cfg.accesslog or log_config.is_set(cfg) or to_syslog)

    def access(self, resp: Any, req: Any, environ: Mapping[str, Any], request_time: timedelta) -> None:
        if not self.access_log_enabled:
            return
        try:
            atoms = self.atoms_wrapper_class(self.atoms(resp, req, environ, request_time))
            self.access_log.info(self.cfg.access_log_format, atoms)
        except Exception:
            say(self, logs.ACCESS_FAILED, traceback=traceback.format_exc())

    def atoms(
        self, resp: Any, req: Any, environ: Mapping[str, Any], request_time: timedelta
    ) -> Dict[str, Any]:
        return request_atoms(resp, req, environ, request_time, now=self.now())

    def now(self) -> str:
        """The current time in the form of the access log."""
        return time.strftime("[%d/%b/%Y:%H:%M:%S %z]")

    def reopen_files(self) -> None:
        """After a rotation. May run in a signal handler, at any point of the program."""
        if self.logfile is not None:
            old, self.logfile = self.logfile, _append_to(self._path(self.cfg.errorlog))
            old.close()
            capture_output(self.logfile.fileno())
        for handler in file_handlers():
            reopen(handler)

    def close_on_exec(self) -> None:
        for handler in file_handlers():
            if handler.stream is not None:
                os.set_inheritable(handler.stream.fileno(), False)

    def _path(self, output: str) -> str:
        return os.path.abspath(os.path.join(self.cfg.chdir, output))

    def _get_user(self, environ: Mapping[str, Any]) -> Optional[str]:
        return basic_auth_user(environ)

    def _get_gunicorn_handler(self, log: logging.Logger) -> Optional[logging.Handler]:
        return next((handler for handler in log.handlers if getattr(handler, "_gunicorn", False)), None)

    def _set_handler(
        self, log: logging.Logger, output: Optional[str], fmt: logging.Formatter, stream: Optional[TextIO] = None
    ) -> None:
        """Replaces the handler of an earlier set-up."""
        old = self._get_gunicorn_handler(log)
        while old is not None:
            log.removeHandler(old)
            old = self._get_gunicorn_handler(log)
        if output is None:
            return
        handler: logging.Handler
        handler = logging.StreamHandler(stream) if output == "-" else open_handler(self._path(output), self.cfg)
        self._add(log, handler, fmt)

    def _set_syslog_handler(self, log: logging.Logger, cfg: Any, fmt: str, name: str) -> None:
        prefix = cfg.syslog_prefix or cfg.proc_name.replace(":", ".")
        facility = SYSLOG_FACILITIES.get(cfg.syslog_facility.lower())
        if facility is None:
            raise LogConfigError(f"unknown facility name {cfg.syslog_facility!r}: see syslog_facility")
        # It loads much of the standard library.
        from tunicorn.log.python_log.syslog import ReconnectingSysLogHandler

        kind, address = parse_syslog_address(cfg.syslog_addr)
        label = f"gunicorn.{prefix}.{name}".replace("%", "%%")
        self._add(log, ReconnectingSysLogHandler(address, facility, kind), logging.Formatter(f"{label}: {fmt}"))

    def _add(self, log: logging.Logger, handler: logging.Handler, formatter: logging.Formatter) -> None:
        handler.setFormatter(formatter)
        handler._gunicorn = True  # type: ignore[attr-defined]
        log.addHandler(handler)


# Its public name: settings are compared with it, and tracebacks show it.
Logger.__module__ = "gunicorn.glogging"


def _append_to(path: str) -> TextIO:
    try:
        return open(path, "a+", encoding="utf-8")
    except OSError as error:
        raise LogConfigError(f"{path!r} isn't writable [{error.strerror}]") from error
