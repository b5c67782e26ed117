"""Whom Postgres runs as: it refuses root, so root hands it to an unprivileged user of this machine.

Needs no user namespace, which default containers forbid. Nothing that exists is made more open for it: where the data
folder or the programs are closed to that user (a checkout in a 0700 home), Postgres gets a place of its own below
``OUTSIDE`` instead.
"""

from __future__ import annotations

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

#: Where root keeps what an unprivileged user must reach and the checkout hides.
OUTSIDE = Path("/var/lib/tutor")


@dataclass(frozen=True, kw_only=True)
class ProcessUser:
    name: str
    uid: int
    gid: int

    def can_enter(self, folder: Path) -> bool:
        """Whether this user may pass through the folder and all folders above it."""
        return all(self._may_search(each) for each in (folder, *folder.parents))

    def _may_search(self, folder: Path) -> bool:
        status = folder.stat()
        if status.st_uid == self.uid:
            return bool(status.st_mode & stat.S_IXUSR)
        if status.st_gid == self.gid:
            return bool(status.st_mode & stat.S_IXGRP)
        return bool(status.st_mode & stat.S_IXOTH)


def unprivileged_user(owner_of: Path | None = None) -> ProcessUser | None:
    """Whom a process of root should run as; None when this process is not root's.

    The owner of an existing database stays its user. A new one belongs to ``postgres`` where the machine knows that
    user, else to ``nobody``; an id without a name would not do, the server looks its name up.
    """
    if os.getuid() != 0:
        return None
    if owner_of is not None and owner_of.exists() and (uid := owner_of.stat().st_uid) != 0:
        try:
            return _of_entry(pwd.getpwuid(uid))
        except KeyError:
            pass
    try:
        return _of_entry(pwd.getpwnam("postgres"))
    except KeyError:
        return _of_entry(pwd.getpwnam("nobody"))


def _of_entry(entry: pwd.struct_passwd) -> ProcessUser:
    return ProcessUser(name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid)
