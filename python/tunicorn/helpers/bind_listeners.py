"""Binds the listening sockets that the arbiter asks for, sends it each, and exits.

A Node process that calls listen() also accepts, which the arbiter must not: so this process listens. It uses the
framing of Node's IPC channel: a line of JSON, with a socket as ancillary data (SCM_RIGHTS) beside the line. It imports
nothing of Tunicorn, because it runs with `-I -S` for a quick start; and only modules in C, because `json`, `signal` and
`socket` would take as long as the rest of it.
"""

from __future__ import annotations

import _json as json
import _signal as signal  # type: ignore[import-not-found]
import _socket as socket
import errno
import os
import stat
import sys

# The module typing would double the time of the start.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Message = dict[str, Any]

TRIES = 5
# Linux gives up on a path after this many links.
LONGEST_CHAIN = 40
RETRY_SECONDS = 1.0

# Errors that may pass within a second: a predecessor is leaving, or the address is still being configured.
TRANSIENT = {errno.EADDRINUSE: "in use", errno.EADDRNOTAVAIL: "invalid address"}


class ArbiterGone(Exception):
    """End-of-file on the channel: the sockets are no longer wanted."""


class Refused:
    """Why there is no socket, and whether another process is listening at the address."""

    def __init__(self, message: str, is_in_use: bool = False) -> None:
        self.message = message
        self.is_in_use = is_in_use


class CannotBind(Exception):
    """An address that is unavailable, for now or permanently."""

    def __init__(self, error: OSError) -> None:
        super().__init__(reason_of(error))
        self.error = error
        self.is_transient = error.errno in TRANSIENT


class Channel:
    """Our end of Node's IPC channel."""

    def __init__(self, fd: int) -> None:
        self._socket = socket.socket(fileno=fd)
        self._unread = b""

    def send(self, message: Message) -> None:
        self._send_line(message, [])

    def send_socket(self, message: Message, sock: socket.socket) -> None:
        """Node reads one socket per message and acknowledges it; the next one must wait for that."""
        self._send_line({"cmd": "NODE_HANDLE", "type": "net.Native", "msg": message}, [sock.fileno()])
        while self.receive().get("cmd") != "NODE_HANDLE_ACK":
            pass

    def wait(self, seconds: float) -> None:
        """Sleeps, at most until the arbiter ends. The arbiter sends nothing meanwhile: only end-of-file can come."""
        self._socket.settimeout(seconds)
        try:
            self.receive()
        except socket.timeout:
            self._socket.settimeout(None)

    def _send_line(self, message: Message, fds: list[int]) -> None:
        line = to_json(message).encode() + b"\n"
        # C's `int`, as CMSG_DATA() has it.
        ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, fd.to_bytes(4, sys.byteorder)) for fd in fds]
        try:
            sent = self._socket.sendmsg([line], ancillary)
            self._socket.sendall(line[sent:])
        except (BrokenPipeError, ConnectionResetError):
            raise ArbiterGone from None

    def receive(self) -> Message:
        while b"\n" not in self._unread:
            received = self._socket.recv(4096)
            if not received:
                raise ArbiterGone
            self._unread += received
        line, _, self._unread = self._unread.partition(b"\n")
        return from_json(line.decode())


def from_json(line: str) -> Message:
    message: Message = scan(line, 0)[0]
    return message


class JsonForm:
    """What the scanner of the module `json` asks of its decoder."""

    strict = True
    object_hook = object_pairs_hook = array_hook = parse_constant = None
    parse_float = float
    parse_int = int


scan = json.make_scanner(JsonForm())  # type: ignore[arg-type]


def to_json(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ",".join(f"{to_json(name)}:{to_json(item)}" for name, item in value.items()) + "}"
    if isinstance(value, str):
        # Escapes a lone surrogate, which stands for a byte of a path that is not UTF-8.
        return str(json.encode_basestring_ascii(value))
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)


def reason_of(error: OSError) -> str:
    return error.strerror or str(error)


def shown(address: Message) -> str:
    """In the form of Gunicorn's log: a tuple for TCP, the path for a Unix socket."""
    if address["kind"] == "tcp":
        return str((address["host"], address["port"]))
    return str(address["path"] if address["kind"] == "unix" else address["text"])


def open_tcp(host: str, port: int, reuse_port: bool) -> socket.socket:
    family, sockaddr = resolve(host, port)
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if reuse_port:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        sock.bind(sockaddr)
    except BaseException:
        sock.close()
        raise
    return sock


def resolve(host: str, port: int) -> tuple[int, tuple[Any, ...]]:
    """IPv4 unless the host is an IPv6 address, as in Gunicorn; a name with only IPv6 addresses gets one of them."""
    families = [socket.AF_INET6] if ":" in host else [socket.AF_INET, socket.AF_INET6]
    refusal: socket.gaierror | None = None
    for family in families:
        try:
            found = socket.getaddrinfo(host or None, port, family, socket.SOCK_STREAM, 0, socket.AI_PASSIVE)
        except socket.gaierror as error:
            refusal = refusal or error
        except UnicodeError:
            raise OSError(errno.EINVAL, "not a host name") from None
        else:
            return found[0][0], found[0][4]
    raise refusal or OSError(errno.EADDRNOTAVAIL, os.strerror(errno.EADDRNOTAVAIL))


def open_unix(path: str, umask: int, uid: int | None, gid: int | None) -> socket.socket:
    path = followed(path)
    remove_stale(path)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        # The mode comes from the umask alone: a chmod() afterwards would leave a moment with the wrong mode.
        os.umask(umask)
        sock.bind(path)
    except BaseException:
        sock.close()
        raise
    try:
        if uid is not None or gid is not None:
            os.chown(path, -1 if uid is None else uid, -1 if gid is None else gid)
    except OSError as error:
        sock.close()
        os.unlink(path)
        raise OSError(error.errno, f"cannot be given to user {uid}, group {gid}: {reason_of(error)}") from None
    return sock


def followed(path: str) -> str:
    """Follows symbolic links at `path`, as bind() does not. Rejects other users' links, as the kernel does in /tmp."""
    for _ in range(LONGEST_CHAIN):
        try:
            found = os.lstat(path)
        except FileNotFoundError:
            return path
        if not stat.S_ISLNK(found.st_mode):
            return path
        if found.st_uid not in (0, os.geteuid()):
            raise OSError(errno.EACCES, f"{path!r} is a link of user {found.st_uid}, which is not followed")
        path = os.path.join(os.path.dirname(path), os.readlink(path))
    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))


def remove_stale(path: str) -> None:
    """Makes room at `path`: removes a socket on which no process listens; anything else stays and is an error."""
    try:
        if not stat.S_ISSOCK(os.lstat(path).st_mode):
            raise OSError(errno.EEXIST, f"{path!r} is not a socket")
    except FileNotFoundError:
        return
    probe = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        # A listener with a full queue would block connect(); without blocking it gives EAGAIN, which means alive.
        probe.setblocking(False)
        probe.connect(path)
    except FileNotFoundError:
        return
    except ConnectionRefusedError:
        os.unlink(path)
        return
    except BlockingIOError:
        pass
    finally:
        probe.close()
    raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))


def adopt(fd: int) -> socket.socket:
    """A socket that was open, and bound, before Tunicorn was started."""
    sock = socket.socket(fileno=fd)
    families = [socket.AF_INET, socket.AF_INET6, socket.AF_UNIX]
    if sock.type != socket.SOCK_STREAM or sock.family not in families:
        raise OSError(errno.EINVAL, "is not a TCP or Unix stream socket")
    return sock


def open_socket(address: Message, spec: Message) -> socket.socket:
    try:
        if address["kind"] == "tcp":
            sock = open_tcp(address["host"], address["port"], spec["reuse_port"])
        elif address["kind"] == "unix":
            sock = open_unix(address["path"], spec["umask"], spec["uid"], spec["gid"])
        else:
            sock = adopt(address["fd"])
        try:
            if sock.family != socket.AF_UNIX:
                # Accepted connections inherit it, which saves a system call for each.
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            # Two sockets with SO_REUSEADDR can both be bound to one port; listen() then fails for the second.
            sock.listen(spec["backlog"])
            # When several gateways wait for a connection, one gets it, or none if descriptors are used up. A blocking
            # accept() would then keep a gateway from its other connections. The mode belongs to the open file
            # description, so it holds for every process that has the socket.
            sock.setblocking(False)
        except OSError:
            sock.close()
            raise
    except OSError as error:
        raise CannotBind(error) from None
    return sock


def open_with_retries(address: Message, spec: Message, channel: Channel) -> socket.socket | Refused:
    name = shown(address)
    code = 0
    for attempt in range(1, TRIES + 1):
        try:
            return open_socket(address, spec)
        except CannotBind as refusal:
            if not refusal.is_transient:
                return Refused(f"Can't connect to {name}: {refusal}")
            code = refusal.error.errno or 0
            will_retry = attempt < TRIES
            message = {"type": "unavailable", "reason": TRANSIENT[code], "address": name, "error": str(refusal.error)}
            channel.send({**message, "will_retry": will_retry})
        if will_retry:
            channel.wait(RETRY_SECONDS)
    return Refused(f"Can't connect to {name}", code == errno.EADDRINUSE)


def describe(index: int, address: Message, sock: socket.socket) -> Message:
    """The facts for the arbiter: where the socket is bound, and the file that it has created."""
    name = sock.getsockname()
    message: Message = {"type": "listener", "index": index, "made": None}
    if sock.family == socket.AF_UNIX:
        # The name of an abstract socket is bytes that begin with a NUL, which is written as an @.
        path = "@" + name[1:].decode("utf-8", "replace") if isinstance(name, bytes) else str(name)
        message.update(kind="unix", host=path, port="")
        if address["kind"] == "unix":
            made = os.lstat(path)
            message["made"] = {"dev": str(made.st_dev), "ino": str(made.st_ino)}
    else:
        message.update(kind="tcp", host=name[0], port=str(name[1]))
    return message


def bind_all(spec: Message, channel: Channel) -> int:
    for index, address in enumerate(spec["addresses"]):
        opened = open_with_retries(address, spec, channel)
        if isinstance(opened, Refused):
            in_use = index if opened.is_in_use else None
            channel.send({"type": "failed", "message": opened.message, "in_use": in_use})
            return 1
        channel.send_socket(describe(index, address, opened), opened)
        opened.close()
    return 0


def main() -> int:
    # Ctrl-C reaches the whole process group. The arbiter decides, and this process ends with it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    channel = Channel(int(os.environ["NODE_CHANNEL_FD"]))
    try:
        return bind_all(channel.receive(), channel)
    except ArbiterGone:
        return 1


if __name__ == "__main__":
    sys.exit(main())
