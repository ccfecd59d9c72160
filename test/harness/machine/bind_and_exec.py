"""Binds a listening socket as descriptor N and executes a command that inherits it, as systemd does.

Usage: bind_and_exec.py N (PORT | unix:PATH) COMMAND [ARGUMENT ...]
"""

from __future__ import annotations

import os
import socket
import sys

descriptor, address, command = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
if address.startswith("unix:"):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address[len("unix:") :])
else:
    listener = socket.socket()
    listener.bind(("127.0.0.1", int(address)))
listener.listen(64)
if listener.fileno() == descriptor:
    os.set_inheritable(descriptor, True)
else:
    os.dup2(listener.fileno(), descriptor, inheritable=True)
    listener.close()
os.execvp(command[0], command)
