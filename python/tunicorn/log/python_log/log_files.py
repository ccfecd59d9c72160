"""The files that Python's loggers write: opened with a check, reopened after a rotation.

Called by Logger, whose reopen_files() runs in the handler of SIGUSR1.
"""

from __future__ import annotations

import logging
import logging.handlers
import os
import sys
from collections.abc import Iterable
from typing import Any, List


class LogConfigError(RuntimeError):
    """The settings of the log cannot be applied; the text is for the user, and complete."""


def open_handler(path: str, cfg: Any) -> logging.FileHandler:
    """Raises LogConfigError. The file is given to the user that the workers run as, who open it again."""
    try:
        handler = logging.FileHandler(path)
        # Only root can give a file away, and a device, such as /dev/null, is everybody's.
        if os.geteuid() == 0 and os.path.isfile(path):
            os.chown(path, cfg.uid, cfg.gid)
    except OSError as error:
        raise LogConfigError(f"{path!r} isn't writable [{error.strerror}]") from error
    return handler


def loggers() -> List[logging.Logger]:
    """Every logger that there is, the root of all among them."""
    names = list(logging.root.manager.loggerDict)
    return [logging.root, *(logging.getLogger(name) for name in names)]


def file_handlers() -> Iterable[logging.FileHandler]:
    """Each once: loggers share handlers."""
    found = {id(handler): handler for logger in loggers() for handler in logger.handlers}
    return [handler for handler in found.values() if isinstance(handler, logging.FileHandler)]


def reopen(handler: logging.FileHandler) -> None:
    """After a rotation: goes on in a new file of the same name. If there can be none, the old one stays in use."""
    stream = handler.stream
    if stream is None:  # delay=True, and nothing logged so far
        return
    if type(handler)._open not in _PLAIN_OPENS:
        # A file of its own kind, such as a compressed one, that only the handler knows how to open.
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
    # dup2 onto the same number: this runs in a signal handler, and whoever it has interrupted, perhaps in the middle of
    # a write to this very stream, goes on with the number.
    os.dup2(new, stream.fileno(), inheritable=False)
    os.close(new)


_PLAIN_OPENS = (logging.FileHandler._open, logging.handlers.WatchedFileHandler._open)


def _complain(handler: logging.FileHandler, error: OSError) -> None:
    text = f"The log {handler.baseFilename!r} is not reopened: {error.strerror}\n"
    try:
        sys.stderr.write(text)
    except (OSError, ValueError):
        pass  # No standard error either.
