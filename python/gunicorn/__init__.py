"""Gunicorn's names for programs that run on Tunicorn: what a config file, an application, a library or an embedding
program may import, implemented by Tunicorn.

Importing a missing name fails with a message that says so. See docs/embedding.md.
"""

from __future__ import annotations

from gunicorn import _missing
from tunicorn.generated_facts import GUNICORN_VERSION

# The version of Gunicorn whose interface this package has.
__version__ = GUNICORN_VERSION
version_info = tuple(map(int, __version__.split(".")))

# Assigning to these, in the config file or in a program before it serves, changes responses (Server) and the environ
# (SERVER_SOFTWARE).
SERVER = "gunicorn"
SERVER_SOFTWARE = f"{SERVER}/{__version__}"

_DEFAULT_NAMES = {"SERVER": SERVER, "SERVER_SOFTWARE": SERVER_SOFTWARE}

_missing.explain_missing_modules()
__getattr__ = _missing.getattr_of(__name__)
