"""Publishes a port of a container: relays the connections to a Unix socket, in both directions, half-closes included.

Usage: relay.py PATH PORT, in the network namespace of the container; the path is the machine's.
"""

from __future__ import annotations

import asyncio
import sys


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.write_eof()
    except OSError:
        writer.transport.abort()


async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        upstream, to_upstream = await asyncio.open_connection("127.0.0.1", int(sys.argv[2]))
    except OSError:
        # The client sees the refusal as a connection that is reset.
        writer.transport.abort()
        return
    await asyncio.gather(pump(reader, to_upstream), pump(upstream, writer))
    for end in (writer, to_upstream):
        end.close()


async def main() -> None:
    server = await asyncio.start_unix_server(relay, sys.argv[1])
    print("listening", flush=True)
    await server.serve_forever()


asyncio.run(main())
