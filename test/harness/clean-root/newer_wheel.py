"""Writes a copy of Tunicorn's wheel with another version number: the same server, as far as pip can see a newer one.

Usage: newer_wheel.py WHEEL VERSION FOLDER
"""

from __future__ import annotations

import base64
import hashlib
import sys
import zipfile
from pathlib import Path

VERSIONED = ("package.json", "version.py", "METADATA")


def main() -> None:
    wheel, version, folder = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
    old = wheel.name.split("-")[1]
    records = []
    with zipfile.ZipFile(wheel) as source, zipfile.ZipFile(folder / wheel.name.replace(old, version), "w") as target:
        for info in source.infolist():
            if info.filename.endswith("/RECORD"):
                continue
            data = source.read(info)
            info.filename = info.filename.replace(f"tunicorn-{old}.dist-info", f"tunicorn-{version}.dist-info")
            if info.filename.endswith(VERSIONED):
                data = data.replace(old.encode(), version.encode())
            target.writestr(info, data)
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            records.append(f"{info.filename},sha256={digest},{len(data)}")
        record = f"tunicorn-{version}.dist-info/RECORD"
        target.writestr(record, "\n".join([*records, f"{record},,", ""]))


main()
