"""Tracebacks without the frames of Tunicorn and of the import machinery."""

from __future__ import annotations

import os
import traceback

from tunicorn.own_folder import OWN_FOLDER

_IMPORT_MACHINERY = (
    f"importlib{os.sep}__init__.py",
    "<frozen importlib._bootstrap>",
    "<frozen importlib._bootstrap_external>",
)


def user_traceback(error: BaseException) -> str:
    """Like `traceback.format_exception`, but without the frames of the server and the import machinery."""
    rendered = traceback.TracebackException.from_exception(error)
    _strip(rendered)
    return "".join(rendered.format())


def drop_own_frames(error: BaseException) -> BaseException:
    """Trims the traceback to begin and end in the user's code, for Python's logging, whose formatters print it as it
    is. It ends outside of the user's code if a signal handler raises.
    """
    place = error.__traceback__
    while place is not None and place.tb_next is not None and _is_ours(place.tb_frame.f_code.co_filename):
        place = place.tb_next
    last, frame = place, place
    while frame is not None:
        if not _is_ours(frame.tb_frame.f_code.co_filename):
            last = frame
        frame = frame.tb_next
    if last is not None:
        last.tb_next = None
    return error.with_traceback(place)


def _strip(rendered: traceback.TracebackException | None) -> None:
    # The chain has no cycle: TracebackException cuts it where an exception repeats.
    while rendered is not None:
        kept = [frame for frame in rendered.stack if not _is_ours(frame.filename)]
        rendered.stack[:] = kept
        _strip(rendered.__cause__)
        rendered = rendered.__context__


def _is_ours(filename: str) -> bool:
    # Not made absolute: the working directory may be gone, and all files of the package share one prefix.
    return filename.startswith(OWN_FOLDER) or filename.endswith(_IMPORT_MACHINERY)
