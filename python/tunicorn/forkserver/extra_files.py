"""The setting reload_extra_files: finds the files that its entries name, including those that appear later."""

from __future__ import annotations

import glob
import os
import re
from time import monotonic
from typing import TYPE_CHECKING, Dict, Iterator, List, Optional, Sequence, Set, Tuple

if TYPE_CHECKING:
    from tunicorn.link.messages import ExtraFilesFound

ROUND_SECONDS = 1.0
# A large tree must not keep the forkserver from its other work: after each scan it rests four times as long.
REST_FACTOR = 4


class ExtraFiles:
    """Relative entries are resolved against `folder`."""

    def __init__(self, entries: Sequence[str], folder: str) -> None:
        self._folder = folder
        # None before the first scan.
        self._known: Dict[str, Optional[Set[str]]] = {entry: None for entry in entries}
        self._due = monotonic()

    def milliseconds_left(self) -> float:
        return max(0.0, self._due - monotonic()) * 1000

    def look(self) -> List[ExtraFilesFound]:
        """One message for each entry with new files; at the first scan, for every entry."""
        began = monotonic()
        messages: List[ExtraFilesFound] = []
        for entry, before in self._known.items():
            found = set(files_of(entry, self._folder))
            new = found if before is None else found - before
            if new or before is None:
                whole = before is None
                messages.append({"type": "extra-files", "entry": entry, "files": sorted(new), "whole": whole})
            # The arbiter keeps watching files that are gone.
            self._known[entry] = found if before is None else before | found
        now = monotonic()
        self._due = now + max(ROUND_SECONDS, REST_FACTOR * (now - began))
        return messages


def files_of(entry: str, folder: str) -> Iterator[str]:
    """A path stands for itself, a folder for its files that are not hidden, a pattern for what Python's glob finds."""
    if glob.has_magic(entry):
        pattern = os.path.join(glob.escape(folder), entry)
    else:
        path = os.path.normpath(os.path.join(folder, entry))
        if not os.path.isdir(path):
            yield path
            return
        pattern = os.path.join(glob.escape(path), "**")
    for path in _matches(pattern):
        if not os.path.isdir(path):
            yield os.path.normpath(path)


def _matches(pattern: str) -> Iterator[str]:
    """Like glob.glob(pattern, recursive=True), but `**` does not follow links to folders, which might lead back up."""
    before, recursive, after = _split(pattern)
    if not recursive:
        yield from _named_by(pattern)
        return
    for start in _named_by(before):
        for folder, subfolders, _ in os.walk(start):
            subfolders[:] = [name for name in subfolders if not name.startswith(".")]
            yield from _matches(os.path.join(glob.escape(folder), after or "*"))


def _named_by(pattern: str) -> Iterator[str]:
    try:
        yield from glob.iglob(pattern)
    except re.error:
        # Python 3.9 refuses a range that ends before it begins; later versions find that it contains nothing.
        return


def _split(pattern: str) -> Tuple[str, bool, str]:
    """The parts before and after the first `**` that is a whole name."""
    names = pattern.split("/")
    if "**" not in names:
        return pattern, False, ""
    at = names.index("**")
    after = names[at + 1 :]
    while after and after[0] in ("**", ""):
        del after[0]
    return "/".join(names[:at]) + "/", True, "/".join(after)
