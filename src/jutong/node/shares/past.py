"""The versions of a table that a grant may read: from the one that stood when the grant began."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from jutong.kernel.i18n import gettext_noop
from jutong.library.tables import open_table
from jutong.node.shares.errors import ShareCallError, VersionUnservedError

REARRANGED = frozenset({"OPTIMIZE", "VACUUM START", "VACUUM END", "SET TBLPROPERTIES", "ADD FEATURE"})
"""Operations that change no row."""


@dataclass(frozen=True, slots=True)
class Commit:
    """One version: its number, when, and whether rows may have changed."""

    version: int
    time_ms: int
    changes: bool


@dataclass(frozen=True)
class Past:
    """The versions on offer, oldest first; there is always one."""

    commits: Sequence[Commit]

    @property
    def first(self) -> Commit:
        """The oldest."""
        return self.commits[0]

    @property
    def newest(self) -> Commit:
        """The newest."""
        return self.commits[-1]

    def at(self, version: int) -> Commit:
        """Return a version.

        Raises:
            VersionUnservedError: if it is not on offer.
        """
        found = next((one for one in self.commits if one.version == version), None)
        if found is None:
            raise self._unserved(version)
        return found

    def before(self, time_ms: int) -> Commit:
        """Return the version that stood at an instant.

        Raises:
            VersionUnservedError: if none on offer did.
        """
        found = [one for one in self.commits if one.time_ms <= time_ms]
        if not found:
            raise self._unserved(_told(time_ms))
        return found[-1]

    def since(self, time_ms: int) -> Commit:
        """Return the first version from an instant on.

        Raises:
            VersionUnservedError: if there is none.
        """
        found = next((one for one in self.commits if one.time_ms >= time_ms), None)
        if found is None:
            raise self._unserved(_told(time_ms))
        return found

    def between(self, first: int, last: int) -> list[Commit]:
        """Return the versions from one to another.

        Raises:
            VersionUnservedError: if one of the ends is not on offer.
        """
        self.at(first)
        self.at(last)
        return [one for one in self.commits if first <= one.version <= last]

    def _unserved(self, found: object) -> VersionUnservedError:
        return VersionUnservedError(found=found, first=self.first.version, last=self.newest.version)


def past_of(path: Path, valid_from_ms: int) -> Past:
    """Read a table's log; blocking.

    Raises:
        TableUnknownError: when there is no table.
    """
    table = open_table(path)
    newest = table.version()
    told = sorted(table.history(), key=lambda one: int(one["version"]))
    commits = [
        Commit(int(one["version"]), int(one["timestamp"]), one.get("operation") not in REARRANGED)
        for one in told
        if int(one["version"]) <= newest
    ]
    began = [at for at, one in enumerate(commits) if one.time_ms <= valid_from_ms]
    return Past(tuple(commits[began[-1] if began else 0 :]))


def instant_ms(text: str) -> int:
    """Return the instant a client names in ISO 8601.

    Raises:
        ShareCallError: if it names none.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise ShareCallError(problem=gettext_noop("时间须写成2026-01-31T08:00:00Z的样子")) from error
    return int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * 1000)


def _told(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms / 1000, UTC).isoformat(timespec="seconds")
