"""Prints every message as JSON, for the generator of docs/log-messages.md: `python3 -m tunicorn.log.catalog`."""

from __future__ import annotations

import json

from tunicorn.log.catalog import Message, hooks, logs, requests, workers

AREAS = (workers, requests, hooks, logs)

tables = [
    {
        "title": area.AREA,
        "messages": [message._asdict() for message in vars(area).values() if isinstance(message, Message)],
    }
    for area in AREAS
]
print(json.dumps(tables, indent=2))
