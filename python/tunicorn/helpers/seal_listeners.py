"""Makes the kernel drop new TCP handshakes on listening sockets that are about to be closed, and exits.

Closing a listening socket resets the connections in its backlog, and one may arrive between the last accept() and
close(). This filter prevents that: a handshake that has begun is completed, a new one is dropped without an answer, and
the client, which repeats it after a second, is refused or finds the next server. Node cannot set the option, so this
process gets the sockets as descriptors, from FIRST_DESCRIPTOR on. It imports nothing of Tunicorn, because it runs with
`-I -S` for a quick start.
"""

from __future__ import annotations

import ctypes
import signal
import socket
import struct
import sys

FIRST_DESCRIPTOR = 3

# From asm-generic/socket.h; Python has no name for it.
SO_ATTACH_FILTER = 26

# Classic BPF over the TCP header (linux/filter.h): drop packets with the flag SYN, keep the rest.
FLAGS_OFFSET = 13
SYN = 0x02
WHOLE = 0xFFFFFFFF
INSTRUCTIONS = [
    (0x30, 0, 0, FLAGS_OFFSET),  # load a byte
    (0x45, 0, 1, SYN),  # if none of these bits is set, skip one
    (0x06, 0, 0, 0),  # keep nothing of it
    (0x06, 0, 0, WHOLE),
]


def seal(sock: socket.socket) -> None:
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *each) for each in INSTRUCTIONS))
    program = struct.pack("HP", len(INSTRUCTIONS), ctypes.addressof(code))
    sock.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, program)


def main() -> int:
    # Ctrl-C reaches the whole process group; only the arbiter reacts.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for offset in range(int(sys.argv[1])):
        try:
            seal(socket.socket(fileno=FIRST_DESCRIPTOR + offset))
        except OSError as error:
            print(error.strerror or error)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
