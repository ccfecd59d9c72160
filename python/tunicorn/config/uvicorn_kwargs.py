"""Translates CONFIG_KWARGS of a worker class derived from uvicorn's into settings. For the arbiter they rank below all
other sources.
"""

from __future__ import annotations

import math
from typing import Any, Callable, Dict, List, Mapping, Tuple

_LOOPS = ("auto", "asyncio", "uvloop")
# Needs no warning: the gateway speaks HTTP and WebSocket in any case.
_MOOT = {"http", "ws", "interface"}


def _whole(value: Any) -> Any:
    """uvicorn writes no limit as None, Tunicorn as 0; settings are whole seconds."""
    if value is None:
        return 0
    return math.ceil(value) if isinstance(value, float) else value


def _same(value: Any) -> Any:
    return value


_SETTINGS: Dict[str, Tuple[str, Callable[[Any], Any]]] = {
    "loop": ("asgi_loop", _same),
    "lifespan": ("asgi_lifespan", _same),
    "root_path": ("root_path", _same),
    "date_header": ("date_header", _same),
    "proxy_headers": ("proxy_headers", _same),
    "forwarded_allow_ips": ("forwarded_allow_ips", _same),
    "ws_max_size": ("websocket_max_message_size", _whole),
    "ws_ping_interval": ("websocket_ping_interval", _whole),
    "ws_ping_timeout": ("websocket_ping_timeout", _whole),
    "ws_per_message_deflate": ("websocket_compression", _same),
    "timeout_keep_alive": ("keepalive", _whole),
    "timeout_graceful_shutdown": ("graceful_timeout", _whole),
    "limit_max_requests": ("max_requests", _whole),
    "limit_max_requests_jitter": ("max_requests_jitter", _whole),
    "backlog": ("backlog", _same),
}


def settings_of(kwargs: Mapping[str, Any]) -> Dict[str, Any]:
    """By setting name."""
    found: Dict[str, Any] = {}
    idle = idle_of(kwargs)
    for key, (name, convert) in _SETTINGS.items():
        if key in kwargs and key not in idle:
            found[name] = convert(kwargs[key])
    if kwargs.get("server_header") is False:
        found["server_header"] = ""
    fields = [] if "headers" in idle else [(_text(name), _text(value)) for name, value in kwargs.get("headers") or ()]
    servers = [value for name, value in fields if name.lower() == "server"]
    if servers:
        # uvicorn omits its own Server header then.
        found["server_header"] = servers[-1]
    others = [f"{name}: {value}" for name, value in fields if name.lower() != "server"]
    if others:
        found["response_headers"] = others
    return found


def idle_of(kwargs: Mapping[str, Any]) -> List[str]:
    """The keywords that have no effect and deserve a warning."""
    known = {*_SETTINGS, *_MOOT, "server_header", "headers"}
    idle = {str(key) for key in kwargs if key not in known}
    if kwargs.get("loop", "auto") not in _LOOPS:
        idle.add("loop")
    idle |= {key for key, value in kwargs.items() if key in _SETTINGS and not _is_plain(value)}
    if not all(isinstance(pair, (list, tuple)) and len(pair) == 2 for pair in kwargs.get("headers") or ()):
        idle.add("headers")
    # None is uvicorn's default for these.
    for key in ("forwarded_allow_ips", "timeout_graceful_shutdown"):
        if key in kwargs and kwargs[key] is None:
            idle.add(key)
    return sorted(idle)


def _is_plain(value: Any) -> bool:
    """Whether the value can be sent as JSON."""
    if isinstance(value, (list, tuple)):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, (str, int, float))


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
