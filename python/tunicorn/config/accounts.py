"""Looks up users and groups in the system's databases, from whatever service (NSS)."""

from __future__ import annotations

import grp
import os
import pwd
from typing import TYPE_CHECKING, Any, Callable, Iterable, Mapping, Optional, TypeVar

if TYPE_CHECKING:
    from tunicorn.link.messages import AccountNames, KnownAccounts, KnownUser

Found = TypeVar("Found")


def look_up(asked: AccountNames, stated: Iterable[Mapping[str, Any]]) -> KnownAccounts:
    """Looks up every user and group that a source of settings names: `asked` has those of the command line, `stated`
    are the other sources. The arbiter decides which source wins. The result is None for an account that does not exist.
    """
    users = {*asked["users"], *_named(stated, "user")}
    groups = {*asked["groups"], *_named(stated, "group")}
    if os.geteuid() != 0 and os.getegid() == 0:
        # The setting's default; initgroups needs its main group.
        users.add(str(os.geteuid()))
    return {
        "users": {name: _user(name) for name in users},
        "groups": {name: _group(name) for name in groups},
    }


def _named(stated: Iterable[Mapping[str, Any]], setting: str) -> Iterable[str]:
    values = (source.get(setting) for source in stated)
    return {str(value).strip() for value in values if isinstance(value, (str, int))}


def _user(name: str) -> Optional[KnownUser]:
    if name.isdigit():
        entry = _or_none(lambda: pwd.getpwuid(int(name)))
        return {"id": int(name), "group_id": None if entry is None else entry.pw_gid}
    entry = _or_none(lambda: pwd.getpwnam(name))
    return None if entry is None else {"id": entry.pw_uid, "group_id": entry.pw_gid}


def _group(name: str) -> Optional[int]:
    if name.isdigit():
        return int(name)
    entry = _or_none(lambda: grp.getgrnam(name))
    return None if entry is None else entry.gr_gid


def _or_none(look: Callable[[], Found]) -> Optional[Found]:
    try:
        return look()
    except (KeyError, ValueError, OverflowError):
        return None
