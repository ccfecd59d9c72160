"""Sends the file of an `http.response.pathsend`."""

from __future__ import annotations

import asyncio
import os
from typing import Any, Awaitable, Callable, Dict

_PIECE_BYTES = 256 * 1024


async def send_path(
    path: str,
    loop: asyncio.AbstractEventLoop,
    announce: Callable[[int], int],
    send: Callable[[Dict[str, Any]], Awaitable[None]],
) -> None:
    """`announce` gets the file's size and returns how many bytes to send."""
    with open(path, "rb", buffering=0) as file:
        size = os.fstat(file.fileno()).st_size
        left = announce(size)
        # A small file is most likely in the page cache, where reading it is cheaper than using a thread. A large file,
        # or one on a slow disk, must not block the loop.
        in_thread = left > _PIECE_BYTES
        while left > 0:
            wanted = min(left, _PIECE_BYTES)
            piece = await loop.run_in_executor(None, file.read, wanted) if in_thread else file.read(wanted)
            if not piece:
                raise RuntimeError(f"{path!r} is shorter than the response's content-length")
            left -= len(piece)
            await send({"type": "http.response.body", "body": piece, "more_body": left > 0})
            if left == 0:
                return
    await send({"type": "http.response.body", "body": b""})
