"""A message as a line of JSON of limited length: a text that is too long is cut, never the JSON."""

from __future__ import annotations

import json
from typing import Any, Dict, Optional

MARK = "..."


def message_line(message: Dict[str, Any], text: str, limit_bytes: int) -> bytes:
    """`text` is the field that may be cut; the others must fit."""
    line = _encode(message)
    said = str(message.get(text, ""))
    keep = len(said)
    # In JSON a character takes 1 to 12 bytes, so one step may cut too little.
    while len(line) > limit_bytes and keep > 0:
        surplus = len(line) - limit_bytes
        keep = max(0, min(keep - 1, keep - surplus // 12 - len(MARK)))
        line = _encode({**message, text: said[:keep] + MARK})
    return line


def parse_message(line: bytes) -> Optional[Dict[str, Any]]:
    """None if it is not a message: its writer may have died in the middle, or be a foreign process."""
    try:
        message = json.loads(line)
    except ValueError:
        return None
    return message if isinstance(message, dict) else None


def _encode(message: Dict[str, Any]) -> bytes:
    return json.dumps(message).encode() + b"\n"
