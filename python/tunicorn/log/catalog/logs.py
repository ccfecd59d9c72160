"""Messages about the logs themselves. src/log/catalog/logs.ts has those of the Node processes."""

from __future__ import annotations

from tunicorn.log.catalog import Message

AREA = "Logs"

NOT_REOPENED = Message(
    "error",
    "Cannot reopen the {log}: {reason}; keeping the old file",
    cause="After SIGUSR1, or at a reload, the new file of the log could not be opened.",
    remedy="Fix the path or its permissions, then send SIGUSR1 again. Until then lines go to the old, renamed file.",
)

FILES_NOT_REOPENED = Message(
    "error",
    "Cannot reopen the log files; keeping the old ones",
    cause="After SIGUSR1, a handler of Python's loggers could not open its file. The traceback follows.",
    remedy="Fix the path or its permissions, then send SIGUSR1 again. Until then lines go to the old, renamed files.",
)

WRITTEN_AGAIN = Message(
    "error",
    "Writing to the {log} again; lines dropped so far: {count}",
    cause="Writing to the log works again after it had failed.",
    remedy="Nothing. The count says how many lines this process has lost since it started.",
)

ACCESS_FAILED = Message(
    "error",
    "{traceback}",
    cause="The access log cannot be written: a subclass of `Logger` raised, or `access_log_format` names no atom.",
    remedy="Fix what the last line of the traceback names. The request itself was answered.",
    is_gunicorns=True,
)

LOGGER_FAILED = Message(
    "error",
    "The logger failed on a line of another process:\n{traceback}",
    cause="The forkserver passes lines of arbiter and gateways to the `logger_class`, and that raised.",
    remedy="Fix what the last line of the traceback names. The line that was being logged is lost.",
)

ACCESS_LOGGER_IDLE = Message(
    "warning",
    "The {what} on the logger gunicorn.access see no requests: the gateway writes the access log. Set logger_class to "
    "a subclass of gunicorn.glogging.Logger to have Python write it.",
    cause="The application has put handlers or filters on `gunicorn.access`, which is not used by default.",
    remedy="Set `logger_class` to a subclass of `gunicorn.glogging.Logger`, or remove the handlers.",
)
