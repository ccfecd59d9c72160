"""Stands in for systemd: prints what arrives on a notify socket, a JSON line [PID OF THE SENDER, TEXT] for each datagram.

Usage: notify_listener.py (PATH | @NAME)
"""

from __future__ import annotations

import json
import socket
import struct
import sys

name = sys.argv[1]
listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
# The kernel then reports the sender of each datagram, as it does to systemd.
listener.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
listener.bind("\0" + name[1:] if name.startswith("@") else name)
print(json.dumps([0, "listening"]), flush=True)
while True:
    data, ancillary, _, _ = listener.recvmsg(4096, socket.CMSG_SPACE(12))
    pids = [struct.unpack("3i", value)[0] for _, kind, value in ancillary if kind == socket.SCM_CREDENTIALS]
    print(json.dumps([pids[0], data.decode()]), flush=True)
