"""The destination of `wsgi.errors` when Python's loggers write everything: the streams of `gunicorn.error`, unchanged.
"""

from __future__ import annotations

import logging
from typing import Any, List

from tunicorn.log.log import ErrorLog


class ErrorStreams:
    def __init__(self, fallback: ErrorLog) -> None:
        self._fallback = fallback

    def fileno(self) -> int:
        return self._fallback.fileno()

    def write_errors(self, text: bytes) -> None:
        handlers = _stream_handlers()
        if not handlers:
            self._fallback.write_errors(text)
            return
        decoded = text.decode("utf-8", "backslashreplace")
        for handler in handlers:
            handler.acquire()
            try:
                handler.stream.write(decoded)
                handler.flush()
            except (OSError, ValueError):
                pass  # A log that cannot be written must not fail a request.
            finally:
                handler.release()


def _stream_handlers() -> List[Any]:
    handlers = logging.getLogger("gunicorn.error").handlers
    return [handler for handler in handlers if getattr(handler, "stream", None) is not None]
