"""The settings as objects read them that are made before there is a Config, or for one: attributes by their names."""

from __future__ import annotations

from typing import Any, Protocol


class SettingValues(Protocol):
    def __getattr__(self, name: str) -> Any: ...
