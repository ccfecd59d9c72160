"""The server in a Paste file, `use = egg:tunicorn#main`: that of Tunicorn's package `gunicorn`, wherever that lies."""

from __future__ import annotations

from typing import Any, Dict, NoReturn, Optional

from tunicorn.embedding import own_packages


def serve(app: Any, global_conf: Optional[Dict[str, str]] = None, **local_conf: Any) -> NoReturn:
    """The entry point of the group paste.server_runner."""
    own_packages.install()
    from gunicorn.app import pasterapp

    pasterapp.serve(app, global_conf, **local_conf)
