"""The files that Python's loggers write: opened with a check, and reopened after a rotation (in the SIGUSR1 handler).
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterable
from typing import Any, List

from tunicorn.log.catalog import logs


class LogConfigError(RuntimeError):
    """The settings of the log cannot be applied; the text is a complete message for the user."""


def open_handler(path: str, cfg: Any) -> logging.FileHandler:
    """Raises LogConfigError. Gives the file to the user of the workers, who reopen it."""
    try:
        handler = logging.FileHandler(path)
        # Only root can change the owner; a device, such as /dev/null, must keep its own.
        if os.geteuid() == 0 and os.path.isfile(path):
            os.chown(path, cfg.uid, cfg.gid)
    except OSError as error:
        raise LogConfigError(f"{path!r} isn't writable [{error.strerror}]") from error
    return handler


def loggers() -> List[logging.Logger]:
    """Every logger, including the root."""
    names = list(logging.root.manager.loggerDict)
    return [logging.root, *(logging.getLogger(name) for name in names)]


def file_handlers() -> Iterable[logging.FileHandler]:
    """Each handler once: loggers share them."""
    found = {id(handler): handler for logger in loggers() for handler in logger.handlers}
    return [handler for handler in found.values() if isinstance(handler, logging.FileHandler)]


def reopen(handler: logging.FileHandler) -> None:
    """After a rotation: continues in a new file of the same name, or in the old one if that cannot be opened."""
    stream = handler.stream
    if stream is None:  # delay=True, and nothing logged so far
        return
    if not _opens_plainly(handler):
        # A special file, such as a compressed one, that only the handler can open.
        handler.acquire()
        try:
            handler.close()
            handler.stream = handler._open()
        except OSError as error:
            _complain(handler, error)
        finally:
            handler.release()
        return
    try:
        stream.flush()
        new = os.open(handler.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o666)
    except OSError as error:
        _complain(handler, error)
        return
    # dup2 onto the same number: this runs in a signal handler and may interrupt a write to this very stream, which
    # continues with the number.
    os.dup2(new, stream.fileno(), inheritable=False)
    os.close(new)


def _opens_plainly(handler: logging.FileHandler) -> bool:
    # If there is such a handler, its module is loaded: nothing is imported in the signal handler.
    handlers = sys.modules.get("logging.handlers")
    plain = [logging.FileHandler] if handlers is None else [logging.FileHandler, handlers.WatchedFileHandler]
    return type(handler)._open in [each._open for each in plain]


def _complain(handler: logging.FileHandler, error: OSError) -> None:
    text = logs.NOT_REOPENED.text.format(log=f"log {handler.baseFilename!r}", reason=error.strerror)
    try:
        sys.stderr.write(f"{text}\n")
    except (OSError, ValueError):
        pass  # No standard error either.
