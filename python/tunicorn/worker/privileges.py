"""Drops root's rights in a worker: the settings `user`, `group` and `initgroups`."""

from __future__ import annotations

import os
import pwd
from typing import Optional


def become(user_id: int, group_id: int, init_group_id: Optional[int]) -> None:
    """Groups come first: after setuid() the process may no longer change them.

    0 changes nothing, as in Gunicorn. With `init_group_id`, the process gets that group and all groups of the user.
    """
    name = None if init_group_id is None else _name_of(user_id)
    if name is not None and init_group_id is not None:
        os.initgroups(name, init_group_id)
    elif group_id:
        # Root's supplementary groups are not the user's.
        os.setgroups([group_id])
    if group_id:
        os.setgid(group_id)
    if user_id:
        os.setuid(user_id)


def _name_of(user_id: int) -> Optional[str]:
    try:
        return pwd.getpwuid(user_id).pw_name
    except KeyError:
        return None  # An id without an account is in no groups.
