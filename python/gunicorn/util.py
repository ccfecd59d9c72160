"""Gunicorn's small functions that other programs import. The file has Gunicorn's name."""

from __future__ import annotations

import email.utils
import fcntl
import inspect
import io
import os
import socket
import sys
import urllib.parse
from typing import Any, Optional, Union

from gunicorn import _missing
from gunicorn.errors import AppImportError
from tunicorn.application import load_application as application
from tunicorn.hook_objects.listener_object import parse_address

__all__ = ["AppImportError", "parse_address"]


def import_app(module: str) -> Any:
    """The application that `MODULE[:CALLABLE]` names."""
    return application.load(module)


def load_class(uri: Any, default: str = "gunicorn.workers.sync.SyncWorker", section: str = "gunicorn.workers") -> Any:
    """Returns a class unchanged, or the class of `package.module.Class` or of a name in SUPPORTED_WORKERS."""
    import importlib

    from gunicorn.workers import SUPPORTED_WORKERS

    if inspect.isclass(uri):
        return uri
    text = str(uri or default)
    if text.startswith("egg:"):
        text = text.rpartition("#")[2]
    text = SUPPORTED_WORKERS.get(text, text)
    module_name, _, name = text.rpartition(".")
    if not module_name:
        raise RuntimeError(f"class uri {text!r} invalid or not found")
    return getattr(importlib.import_module(module_name), name)


def getcwd() -> str:
    """The working directory, by the path that the shell uses."""
    here = os.getcwd()
    shown = os.environ.get("PWD")
    try:
        return shown if shown and os.path.samefile(shown, here) else here
    except OSError:
        return here


def http_date(timestamp: Optional[float] = None) -> str:
    """A time in the format of HTTP headers; by default the current time."""
    return email.utils.formatdate(timestamp, localtime=False, usegmt=True)


def is_ipv6(addr: str) -> bool:
    try:
        socket.inet_pton(socket.AF_INET6, addr)
    except (OSError, ValueError):
        return False
    return True


def bytes_to_str(b: Union[str, bytes]) -> str:
    return b if isinstance(b, str) else str(b, "latin1")


def to_bytestring(value: Union[str, bytes], encoding: str = "utf8") -> bytes:
    if isinstance(value, bytes):
        return value
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not a string")
    return value.encode(encoding)


def split_request_uri(uri: str) -> urllib.parse.SplitResult:
    # With two leading slashes it would be parsed as a host and a path.
    if uri.startswith("//"):
        parts = urllib.parse.urlsplit("." + uri)
        return parts._replace(path=parts.path[1:])
    return urllib.parse.urlsplit(uri)


def is_fileobject(obj: Any) -> bool:
    """Whether the object has a file descriptor."""
    try:
        obj.fileno()
    except (AttributeError, OSError, io.UnsupportedOperation):
        return False
    return hasattr(obj, "tell")


def has_fileno(obj: Any) -> bool:
    try:
        obj.fileno()
    except (AttributeError, OSError, io.UnsupportedOperation):
        return False
    return True


def close(sock: Any) -> None:
    try:
        sock.close()
    except OSError:
        return


def close_on_exec(fd: Any) -> None:
    flags = fcntl.fcntl(fd, fcntl.F_GETFD)
    fcntl.fcntl(fd, fcntl.F_SETFD, flags | fcntl.FD_CLOEXEC)


def set_non_blocking(fd: Any) -> None:
    flags = fcntl.fcntl(fd, fcntl.F_GETFL)
    fcntl.fcntl(fd, fcntl.F_SETFL, flags | os.O_NONBLOCK)


def unlink(filename: str) -> None:
    """Removes a file, if it still exists."""
    try:
        os.unlink(filename)
    except (FileNotFoundError, NotADirectoryError):
        return


def chown(path: str, uid: int, gid: int) -> None:
    os.chown(path, uid, gid)


def check_is_writable(path: str) -> None:
    """Raises RuntimeError if the file cannot be opened for appending."""
    try:
        with open(path, "a"):
            return
    except OSError as error:
        raise RuntimeError(f"Error: {path!r} isn't writable [{error!r}]") from error


def get_username(uid: int) -> str:
    import pwd

    return pwd.getpwuid(uid).pw_name


def set_owner_process(uid: int, gid: int, initgroups: bool = False) -> None:
    """Drops root's rights: the group first, since afterwards that is no longer allowed."""
    if gid:
        if uid and initgroups:
            os.initgroups(get_username(uid), gid)
        if gid != os.getgid():
            os.setgid(gid)
    if uid and uid != os.getuid():
        os.setuid(uid)


def warn(msg: str) -> None:
    lines = msg.splitlines() or [""]
    marked = [("!!! " if i else "!!! WARNING: ") + line for i, line in enumerate(lines)]
    print("!!!", *marked, "!!!", sep="\n", file=sys.stderr)
    sys.stderr.flush()


_HOP_BY_HOP = "connection keep-alive proxy-authenticate proxy-authorization te trailers transfer-encoding upgrade"
hop_headers = frozenset((_HOP_BY_HOP + " server date").split())


def is_hoppish(header: str) -> bool:
    return header.lower().strip() in hop_headers


__getattr__ = _missing.getattr_of(__name__)
