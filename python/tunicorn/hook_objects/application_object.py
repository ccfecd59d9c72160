"""`server.app` and `worker.app`: the application by its name, loaded once per process, including its forks."""

from __future__ import annotations

from typing import Any, Callable, Optional

from tunicorn.hook_objects.setting_values import SettingValues


class Application:
    """`load` finds the application by its name."""

    def __init__(self, uri: str, cfg: SettingValues, load: Callable[[str, Any], Callable[..., Any]]) -> None:
        self.app_uri = uri
        self.cfg = cfg
        self.callable: Optional[Callable[..., Any]] = None
        self._load = load

    def load(self) -> Callable[..., Any]:
        return self._load(self.app_uri, self.cfg)

    def wsgi(self) -> Callable[..., Any]:
        if self.callable is None:
            self.callable = self.load()
        return self.callable
