"""Gunicorn's names for programs that run on Tunicorn: what a config file, an application, a library or an embedding
program may import, with Tunicorn behind it. It serves nothing by itself.

A name that is not here is refused with a message that says so. See docs/embedding.md.
"""

from __future__ import annotations

from gunicorn import _missing
from tunicorn.generated_facts import GUNICORN_VERSION

# The version of Gunicorn whose interface this is.
__version__ = GUNICORN_VERSION
version_info = tuple(map(int, __version__.split(".")))

# An assignment to these, in the config file or by a program before it serves, is what responses (Server) and the
# environ (SERVER_SOFTWARE) say.
SERVER = "gunicorn"
SERVER_SOFTWARE = f"{SERVER}/{__version__}"

_DEFAULT_NAMES = {"SERVER": SERVER, "SERVER_SOFTWARE": SERVER_SOFTWARE}

_missing.explain_missing_modules()
__getattr__ = _missing.getattr_of(__name__)
