"""Carries attributes that hooks have set on `server` from one generation's forkserver to the next one's."""

from __future__ import annotations

from typing import Any, List, Mapping, NamedTuple

from tunicorn.hook_objects.server_object import Server


class Packed(NamedTuple):
    """`state` is text for a JSON message; `left_out` names the attributes that cannot be pickled."""

    state: str
    left_out: List[str]


def pack(server: Server) -> Packed:
    import base64
    import pickle

    packed, left_out = {}, []
    for name, value in server.hook_attributes().items():
        # Packed and checked one by one, so that one that fails does not affect the others.
        try:
            packed[name] = pickle.dumps(value)
        except Exception:
            left_out.append(name)
    return Packed(base64.b64encode(pickle.dumps(packed)).decode("ascii"), left_out)


def unpack(server: Server, state: str) -> List[str]:
    """Returns the names of attributes that could not be restored: their class may not exist in the new code."""
    if not state:
        return []
    import base64
    import pickle

    packed: Mapping[str, bytes] = pickle.loads(base64.b64decode(state))
    lost = []
    for name, data in packed.items():
        try:
            value: Any = pickle.loads(data)
        except Exception:
            lost.append(name)
        else:
            setattr(server, name, value)
    return lost
