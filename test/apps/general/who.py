"""Describes its process: user, interpreter, environment, directory."""

import json
import os
import sys


def application(environ, start_response):
    facts = {
        "pid": os.getpid(),
        "ppid": os.getppid(),
        "uid": os.getuid(),
        "gid": os.getgid(),
        "umask": os.umask(0o22),
        "cwd": os.getcwd(),
        "version": list(sys.version_info[:2]),
        "prefix": sys.prefix,
        "stage": os.environ.get("STAGE"),
        "multiprocess": environ["wsgi.multiprocess"],
    }
    body = json.dumps(facts).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
