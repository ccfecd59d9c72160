"""Opens the datagram socket on which the arbiter reports its state to systemd.

Node cannot create Unix datagram sockets, and systemd accepts only datagrams from the main process (NotifyAccess=main),
so the arbiter itself must send them. So this process passes it the connected socket. It imports nothing of Tunicorn,
because it runs with `-I -S` for a quick start.
"""

from __future__ import annotations

import array
import json
import os
import socket
import sys


def main() -> int:
    channel = socket.socket(fileno=int(os.environ["NODE_CHANNEL_FD"]))
    path = sys.argv[1]
    notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    # The arbiter must not wait for a service manager that does not read. The socket keeps the flag.
    notify.setblocking(False)
    try:
        # An @ stands for the NUL byte of an abstract socket.
        notify.connect("\0" + path[1:] if path.startswith("@") else path)
    except OSError as error:
        channel.sendall(json.dumps({"failed": error.strerror or str(error)}).encode() + b"\n")
        return 1
    line = json.dumps({"inode": str(os.fstat(notify.fileno()).st_ino)}).encode() + b"\n"
    # Node closes received sockets when the channel ends. Passing our end of the channel as well prevents that.
    descriptors = array.array("i", [notify.fileno(), channel.fileno()])
    channel.sendmsg([line], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, descriptors)])
    return 0


if __name__ == "__main__":
    sys.exit(main())
