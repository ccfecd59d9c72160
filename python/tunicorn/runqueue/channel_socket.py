"""The socket that a gateway's channels are connected to. Its file is there as long as the gateway: the arbiter removes
it when the gateway has been killed.
"""

from __future__ import annotations

import os
from typing import Iterable, List


def channel_socket_path(runtime_dir: str, gateway: int) -> str:
    return f"{runtime_dir}/gateway-{gateway}.sock"


def ended_gateways(runtime_dir: str, known: Iterable[int]) -> List[int]:
    """Those of the known gateways that do not live any more."""
    return [gateway for gateway in known if not os.path.exists(channel_socket_path(runtime_dir, gateway))]
