"""The application that the configurations serve. It answers with the worker's view as JSON; hooks add to `facts`."""

from __future__ import annotations

import json
import os
import sys

facts = {"loaded_in": os.getpid()}
PLAIN = (str, bool, int, tuple, list)


def seen(environ):
    return {
        "pid": os.getpid(),
        "ppid": os.getppid(),
        "facts": facts,
        "environ": {name: value for name, value in environ.items() if isinstance(value, PLAIN)},
        "variables": dict(os.environ),
        "directory": os.getcwd(),
    }


def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/fail":
        raise LookupError("no such order: 4711")
    if path == "/print":
        print("printed by the application")
        sys.stdout.flush()
    if path.startswith("/wait"):
        import rendezvous

        rendezvous.wait(path[1:])
    body = json.dumps(seen(environ)).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("X-Region", facts.get("region", "none"))])
    return [body]


def create_app(region="none", currency="EUR"):
    facts.update(region=region, currency=currency)
    return application
