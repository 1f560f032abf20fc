"""Who the embedded database server runs as, and whether that user can reach the files it needs.

PostgreSQL refuses to run as root. Started by root we hand it to an unprivileged user; where that user could not
enter the folders above the programs or the data (a clone under ``/root``, a private temporary folder), it keeps
one capability, reading past folder permissions, instead of our opening those folders to everybody.
"""

from __future__ import annotations

import os
import pwd
import stat
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from jutong.runtime.errors import ServerUserError

PREFERRED = ("jutong", "nobody")
"""Users tried in this order when root starts the platform; an operator may create ``jutong`` to set it apart."""

CAP_DAC_OVERRIDE = 1
CAP_DAC_READ_SEARCH = 2
CAP_SETPCAP = 8
NO_CAPABILITY = -1
LAUNCHER = Path(__file__).with_name("launch.py")


@dataclass(frozen=True)
class Account:
    """A user to run a server as. ``uid`` -1 means: as ourselves."""

    uid: int = -1
    gid: int = -1
    name: str = ""

    @property
    def other(self) -> bool:
        """Whether this is a user other than our own."""
        return self.uid >= 0

    def own(self, path: Path) -> None:
        """Give a file or folder to this user."""
        if self.other:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def owns(self, path: Path) -> bool:
        """Return whether a real file or folder (no link) belongs to this user."""
        found = path.lstat()
        wanted = self.uid if self.other else os.geteuid()
        return found.st_uid == wanted and not stat.S_ISLNK(found.st_mode)


def server_account(data: Path) -> Account:
    """Choose the user for the server whose files lie in ``data``; an existing folder keeps its owner.

    Raises:
        ServerUserError: when we are root and no unprivileged user is known to the system.
    """
    if os.geteuid() != 0:
        return Account()
    if data.exists() and data.stat().st_uid != 0:
        found = data.stat()
        return Account(found.st_uid, found.st_gid, _name(found.st_uid))
    for name in PREFERRED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != 0:
            return Account(entry.pw_uid, entry.pw_gid, name)
    raise ServerUserError(user="、".join(PREFERRED), reason="no such user")


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError as error:
        raise ServerUserError(user=str(uid), reason="the owner of the data folder is unknown to the system") from error


def can_enter(account: Account, path: Path) -> bool:
    """Return whether the account may enter every folder from the root down to ``path`` itself."""
    if not account.other:
        return os.access(path, os.X_OK)
    resolved = path.resolve()
    return all(_may_enter(account, folder.stat()) for folder in (resolved, *resolved.parents))


def _may_enter(account: Account, found: os.stat_result) -> bool:
    if found.st_uid == account.uid:
        return bool(found.st_mode & stat.S_IXUSR)
    if found.st_gid == account.gid:
        return bool(found.st_mode & stat.S_IXGRP)
    return bool(found.st_mode & stat.S_IXOTH)


def permitted() -> int:
    """Return the set of capabilities this process may hand on, as a bit mask; 0 where the kernel does not say."""
    try:
        for line in Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("CapPrm:"):
                return int(line.split()[1], 16)
    except (OSError, ValueError, IndexError):
        pass
    return 0


def capability_for(account: Account, folders: Iterable[Path]) -> int:
    """Return the capability the account needs to enter all ``folders``, or ``NO_CAPABILITY``.

    Raises:
        ServerUserError: when it needs one and we have none to give.
    """
    closed = [folder for folder in folders if not can_enter(account, folder)]
    if not closed:
        return NO_CAPABILITY
    if account.other:
        mask = permitted()
        # Containers usually grant the second but not the first, narrower one.
        for capability in (CAP_DAC_READ_SEARCH, CAP_DAC_OVERRIDE):
            if mask >> capability & 1 and mask >> CAP_SETPCAP & 1:
                return capability
    raise ServerUserError(user=account.name or str(os.geteuid()), reason=f"cannot enter {closed[0]}")


def as_account(account: Account, capability: int, death_signal: int, command: list[str]) -> list[str]:
    """Return the command line that runs ``command`` as the account and ends it with us (see ``launch``)."""
    conditions = (os.getpid(), int(death_signal), account.uid, account.gid, capability)
    return [sys.executable, "-I", "-S", str(LAUNCHER), *map(str, conditions), *command]
