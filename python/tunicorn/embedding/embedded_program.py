"""The program of a forkserver that is an embedding program: its settings, and its application."""

from __future__ import annotations

from typing import Any, Callable, Dict, Optional

from tunicorn.application.load_application import AppImportError
from tunicorn.config.config import Config
from tunicorn.config.config_file import ConfigFile, jsonable_names
from tunicorn.embedding.program import Configuration


class EmbeddedProgram:
    """`app` is an application object as gunicorn.app.base has them: it holds `cfg`, and `wsgi()` loads."""

    def __init__(self, app: Any) -> None:
        self._app = app

    def configure(self, config: Optional[str]) -> Configuration:
        # Whatever is to be read, the application object has read when it was made.
        cfg = self._app.cfg
        file = getattr(cfg, "file", None) or ConfigFile(None, {}, {})
        framework, overrides = explicit(cfg), getattr(cfg, "overrides", {})
        objects = {**framework, **file.namespace, **overrides}
        return Configuration(file, jsonable_names(framework), jsonable_names(overrides), objects)

    def load(self, uri: str, cfg: Config) -> Callable[..., Any]:
        # What the arbiter has made of all sources.
        self._app.cfg = cfg
        loaded = self._app.wsgi()
        if not callable(loaded):
            owner = type(self._app).__name__
            raise AppImportError(f"{owner}.load() must return a callable application; it returned {loaded!r}")
        return loaded  # type: ignore[no-any-return]


def explicit(cfg: Any) -> Dict[str, Any]:
    """What the program has set; for a Config that does not remember it, whatever is not as by default."""
    framework = getattr(cfg, "framework", None)
    if framework is not None:
        return dict(framework)
    return {name: setting.value for name, setting in cfg.settings.items() if setting.value != setting.default}
