"""The Logger of the default settings: each entry is one write(2) to the error log, without locks or records, so that
it can be used in signal handlers and after a fork.

The logger `gunicorn.error` has a handler that also writes there, for applications that reuse it. Once that logger has
another handler or filter, such as the one for syslog, entries go through the logger.
"""

from __future__ import annotations

import sys
import traceback
from typing import Any, Optional, Union

from tunicorn.generated_facts import LOG_LEVELS
from tunicorn.log.log import ErrorLog
from tunicorn.log.logging_handler import ErrorLogHandler, install
from tunicorn.log.python_log.captured_output import capture_output
from tunicorn.log.python_log.logger import Logger
from tunicorn.log.tracebacks import user_traceback


class FastLogger(Logger):
    def __init__(self, cfg: Any, error_log: ErrorLog) -> None:
        self._out = error_log
        self._captured_fd: Optional[int] = None
        super().__init__(cfg)

    def setup(self, cfg: Any) -> None:
        self.loglevel = self.LOG_LEVELS[self._out.level]
        self._handler: ErrorLogHandler = install(self._out)
        self._formatter = self._handler.formatter
        if cfg.syslog:
            self._set_syslog_handler(self.error_log, cfg, self.syslog_fmt, "error")
            if not cfg.disable_redirect_access_to_syslog:
                self._set_syslog_handler(self.access_log, cfg, self.syslog_fmt, "access")
        if cfg.capture_output and cfg.errorlog != "-":
            self._captured_fd = self._out.fileno()
            capture_output(self._captured_fd)

    @property
    def takes_debug(self) -> bool:
        return self.loglevel <= LOG_LEVELS["debug"] or not self._is_untouched()

    def critical(self, msg: Any, *args: Any, **kwargs: Any) -> None:
        self._put("critical", msg, args, kwargs)

    def error(self, msg: Any, *args: Any, **kwargs: Any) -> None:
        self._put("error", msg, args, kwargs)

    def warning(self, msg: Any, *args: Any, **kwargs: Any) -> None:
        self._put("warning", msg, args, kwargs)

    def info(self, msg: Any, *args: Any, **kwargs: Any) -> None:
        self._put("info", msg, args, kwargs)

    def debug(self, msg: Any, *args: Any, **kwargs: Any) -> None:
        self._put("debug", msg, args, kwargs)

    def exception(self, msg: Any, *args: Any, **kwargs: Any) -> None:
        self._put("error", msg, args, {"exc_info": True, **kwargs})

    def log(self, lvl: Union[int, str], msg: Any, *args: Any, **kwargs: Any) -> None:
        self._put(_level_name(lvl), msg, args, kwargs)

    def reopen_files(self) -> None:
        self._out.reopen()
        if self._captured_fd is not None:
            capture_output(self._captured_fd)
        super().reopen_files()

    def _put(self, level: str, msg: Any, args: Any, kwargs: Any) -> None:
        if not self._is_untouched():
            self.error_log.log(LOG_LEVELS[level], msg, *args, **kwargs)
            return
        if LOG_LEVELS[level] < self.loglevel:
            return
        text = _formatted(str(msg), args)
        if kwargs.get("exc_info"):
            text = f"{text}\n{_traceback(kwargs['exc_info'])}"
        if kwargs.get("stack_info"):
            stack = "".join(traceback.format_stack(sys._getframe(2)))
            text = f"{text}\nStack (most recent call last):\n{stack.rstrip()}"
        self._out.log(level, text)

    def _is_untouched(self) -> bool:
        # `disabled` does not count: dictConfig sets it in passing, on every logger that it does not name.
        log = self.error_log
        handler = self._handler
        return (
            log.handlers == [handler]
            and not (log.filters or log.propagate or handler.filters)
            and log.level == self.loglevel
            and handler.formatter is self._formatter
        )


def _level_name(lvl: Union[int, str]) -> str:
    if isinstance(lvl, str):
        return lvl.lower() if lvl.lower() in LOG_LEVELS else "info"
    return next((name for name, number in reversed(LOG_LEVELS.items()) if lvl >= number), "debug")


def _formatted(text: str, args: Any) -> str:
    if not args:
        return text
    # As in logging: names in the format refer to a single dict.
    values = args[0] if len(args) == 1 and isinstance(args[0], dict) and args[0] else args
    try:
        return text % values
    except (TypeError, ValueError, KeyError):
        # A mistake in a log call must not fail a request.
        return f"{text} {args!r}"


def _traceback(exc_info: Any) -> str:
    if not isinstance(exc_info, (tuple, BaseException)):
        exc_info = sys.exc_info()[1]
    if isinstance(exc_info, BaseException):
        return user_traceback(exc_info).rstrip("\n")
    if exc_info is None:
        return "NoneType: None"
    return "".join(traceback.format_exception(*exc_info)).rstrip("\n")
