"""Settings as attributes, for objects that are created before there is a Config, or for one."""

from __future__ import annotations

from typing import Any, Protocol


class SettingValues(Protocol):
    def __getattr__(self, name: str) -> Any: ...
