"""The application of tunicorn.run(): a callable or its name, and settings by keyword."""

from __future__ import annotations

import difflib
import os
from typing import Any, Callable, Dict, Optional, Union

from tunicorn.application import load_application as application
from tunicorn.config.config_file import evaluate
from tunicorn.embedding.recording_config import RecordingConfig


class KeywordApplication:
    def __init__(self, app: Union[str, Callable[..., Any]], settings: Dict[str, Any]) -> None:
        """Raises TypeError or ValueError for unknown settings and invalid values."""
        if not isinstance(app, str) and not callable(app):
            raise TypeError(f"tunicorn.run() wants an application or its name, not {app!r}")
        self._app = app
        self.callable: Optional[Callable[..., Any]] = None
        self.cfg = RecordingConfig()
        config = settings.get("config")
        if config is not None:
            self.cfg.take_file(evaluate(config, os.getcwd()))
        for name, value in settings.items():
            if name not in self.cfg.settings:
                raise TypeError(f"tunicorn.run() got {name!r}, which is not a setting{self._suggestion(name)}")
            self.cfg.set(name, value)

    def wsgi(self) -> Callable[..., Any]:
        if self.callable is None:
            self.callable = application.load(self._app) if isinstance(self._app, str) else self._app
        return self.callable

    def _suggestion(self, name: str) -> str:
        close = difflib.get_close_matches(name, list(self.cfg.settings), 1)
        return f"; did you mean {close[0]!r}?" if close else ""
