"""Drops root's rights in a worker, as the settings `user` and `group` ask."""

from __future__ import annotations

import os


def become(user_id: int, group_id: int) -> None:
    """The group first: after setuid() the process may not change it any more.

    0 leaves things as they are, as in Gunicorn.
    """
    if group_id:
        # Root's supplementary groups are not the user's.
        os.setgroups([group_id])
        os.setgid(group_id)
    if user_id:
        os.setuid(user_id)
