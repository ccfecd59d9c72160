"""Converts the values of `Config.set` by the kind of the setting, to the types of Gunicorn's settings.

The arbiter's own check is src/settings/kinds/kinds.ts; this one is for programs that set values in Python.
"""

from __future__ import annotations

from typing import Any, Callable, Dict, List, Mapping

from tunicorn.config.hooks import ARITIES, default_hook, hook_of


def checked(name: str, declaration: Mapping[str, Any], value: Any) -> Any:
    """Raises ValueError or TypeError; an unknown kind accepts every value."""
    if name in ARITIES:
        return default_hook(name) if value is None else hook_of(name, value)
    convert = _KINDS.get(declaration["kind"])
    if convert is None:
        return value
    if value is None and "none" in declaration:
        return declaration["none"]
    result = convert(value)
    if isinstance(result, int) and not isinstance(result, bool):
        low, high = declaration.get("min", 0), declaration.get("max")
        if result < low or (high is not None and result > high):
            raise ValueError(f"Value must be {low} {'or more' if high is None else f'to {high}'}: {value}")
    return _chosen(declaration, result) if declaration["kind"] == "choice" else result


def _whole_number(value: Any) -> int:
    number = int(value) if not isinstance(value, str) else int(value.strip(), 0)
    if number < 0:
        raise ValueError(f"Value must be positive: {value}")
    return number


def _seconds(value: Any) -> float:
    number = float(value)
    if not number >= 0:
        raise ValueError(f"Value must be positive: {value}")
    return number


def _truth(value: Any) -> bool:
    if value is None or isinstance(value, bool):
        return bool(value)
    if not isinstance(value, str):
        raise TypeError(f"Invalid type for casting: {value}")
    if value.strip().lower() not in ("true", "false"):
        raise ValueError(f"Invalid boolean: {value}")
    return value.strip().lower() == "true"


def _text(value: Any) -> Any:
    if value is None:
        return None
    if not isinstance(value, str):
        raise TypeError(f"Not a string: {value}")
    return value.strip()


def _texts(value: Any) -> List[str]:
    if not value:
        return []
    return [_text(item) for item in ([value] if isinstance(value, str) else value)]


def _names(value: Any) -> List[str]:
    return _texts([part for part in value.split(",") if part] if isinstance(value, str) else value)


def _account(value: Any) -> Any:
    return int(value) if isinstance(value, str) and value.isdigit() else value


def _mapping(value: Any) -> Dict[Any, Any]:
    if not isinstance(value, dict):
        raise TypeError(f"Value is not a dictionary: {value}")
    return value


def _chosen(declaration: Mapping[str, Any], value: Any) -> Any:
    word = str(value).lower() if isinstance(value, (str, bool)) else value
    word = declaration.get("synonyms", {}).get(word, word)
    if word in declaration["choices"]:
        return word
    if "otherwise" in declaration:
        return declaration["otherwise"]
    raise ValueError(f"Invalid choice: {value} (one of {', '.join(declaration['choices'])})")


_KINDS: Dict[str, Callable[[Any], Any]] = {
    "uint": _whole_number,
    "auto int": _whole_number,
    "seconds": _seconds,
    "bool": _truth,
    "string": _text,
    "optional string": _text,
    "log format": _text,
    "folder": _text,
    "optional folder": _text,
    "preferred folder": _text,
    "string list": _texts,
    "address list": _texts,
    "environment list": _texts,
    "request list": _texts,
    "name list": _names,
    "network list": _names,
    "string map": _mapping,
    "number or name": _account,
    "text": _text,
    "dict": _mapping,
    "choice": lambda value: value,
}
