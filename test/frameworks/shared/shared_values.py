"""What every application of the framework grid serves, so that one table of checks fits them all."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

STATIC = Path(__file__).parents[1] / "static"
PIECES = 10
PAUSE_SECONDS = 0.01


def download_path() -> str:
    """A file of 1 MiB, in the directory of the running check."""
    path = os.path.join(os.environ.get("GRID_DIR") or tempfile.mkdtemp(), f"download-{os.getpid()}.bin")
    if not os.path.exists(path):
        Path(path).write_bytes(bytes(range(256)) * 4096)
    return path


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def event(number: int) -> str:
    return f"data: {number}\n\n"
