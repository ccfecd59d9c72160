"""A wheel: a zip file with a list of its files and their hashes (the binary distribution format, PEP 427)."""

from __future__ import annotations

import base64
import hashlib
import os
import zipfile
from pathlib import Path
from typing import Dict, Tuple

# The earliest time that a zip file can hold: a build leaves no time behind.
TIME = (1980, 1, 1, 0, 0, 0)
FILE_MODE = 0o100644
PROGRAM_MODE = 0o100755

WHEEL = "Wheel-Version: 1.0\nGenerator: tunicorn\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


class Wheel:
    """`name` is that of the file: letters, digits and underscores."""

    def __init__(self, name: str, version: str, metadata: str, entry_points: str) -> None:
        self._stem = f"{name}-{version}"
        self._info = f"{self._stem}.dist-info"
        self._files: Dict[str, Tuple[bytes, int]] = {}
        self.add(f"{self._info}/METADATA", metadata)
        self.add(f"{self._info}/WHEEL", WHEEL)
        self.add(f"{self._info}/entry_points.txt", entry_points)

    def add(self, path: str, content: str | bytes, is_program: bool = False) -> None:
        data = content if isinstance(content, bytes) else content.encode()
        self._files[path] = (data, PROGRAM_MODE if is_program else FILE_MODE)

    def add_licence(self, name: str, content: bytes) -> None:
        self.add(f"{self._info}/licenses/{name}", content)

    def write(self, folder: Path) -> Path:
        record = f"{self._info}/RECORD"
        # pip reads the folder of metadata from the end of the archive.
        paths = sorted(self._files, key=lambda path: (path.startswith(self._info), path))
        lines = [f"{path},{_hash(self._files[path][0])},{len(self._files[path][0])}" for path in paths]
        target = folder / f"{self._stem}-py3-none-any.whl"
        # The name always stands for a whole wheel.
        unfinished = target.with_suffix(f".{os.getpid()}")
        with zipfile.ZipFile(unfinished, "w") as archive:
            for path in paths:
                _write(archive, path, *self._files[path])
            _write(archive, record, "".join(f"{line}\n" for line in [*lines, f"{record},,"]).encode(), FILE_MODE)
        unfinished.replace(target)
        return target


def _write(archive: zipfile.ZipFile, path: str, data: bytes, mode: int) -> None:
    entry = zipfile.ZipInfo(path, TIME)
    entry.external_attr = mode << 16
    entry.create_system = 3  # Unix, on every machine: only there the mode counts.
    archive.writestr(entry, data, zipfile.ZIP_DEFLATED, 9)


def _hash(data: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest())
    return "sha256=" + digest.decode().rstrip("=")
