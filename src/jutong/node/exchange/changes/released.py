"""Slots that were given up: dropped at the source, and a note of how far its log was then.

A job that finds such a note for the place its target had reached knows that nothing was lost by accident, and begins
anew. One that has begun anew has reached a later place, so the note no longer says anything of it.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from jutong.node.connectors import postgresql as connector
from jutong.node.exchange.changes import server
from jutong.node.exchange.changes.names import name_of
from jutong.node.exchange.changes.stream import to_number, to_text
from jutong.node.exchange.jobs import write_whole
from jutong.node.exchange.rules.means import Means
from jutong.node.sources import SourceConfig

NOTES = "node/released"
_NOW = "SELECT pg_current_wal_lsn()::text WHERE NOT pg_is_in_recovery()"
_HERE = "SELECT pg_last_wal_replay_lsn()::text"
_BEGAN = "SELECT confirmed_flush_lsn::text FROM pg_replication_slots WHERE slot_name = %s"


def release(source: SourceConfig, target: str, home: Path) -> None:
    """Drop the slot of a target, and note how far the log was. Done twice, the second time does nothing.

    Args:
        source: the server.
        target: the library's table that was filled.
        home: the instance's data folder.

    Raises:
        JutongError: when the server cannot be asked, or somebody reads by the slot; it can be tried again.
    """
    department = home / "library" / "landed" / source.organisation_code
    slot = name_of(target, Means(department=department, secret=home / "keys/node.secret"))
    with connector.session(source) as connection:
        began = connection.execute(_BEGAN, (slot,)).fetchone()
        if began is None:
            return
        note = _note(home, slot)
        if not note.is_file():
            found = connection.execute(_NOW).fetchone() or connection.execute(_HERE).fetchone()
            note.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_whole(note, str(found[0]) if found else to_text(0), durable=True)
    if began[0] is not None and to_number(str(began[0])) <= _noted(note):
        server.drop(source, slot)


def was_released(name: str, means: Means, reached: int) -> bool:
    """Tell whether what a target had reached was given up since."""
    if means.department is None:
        return False
    return reached <= _noted(_note(means.department.parents[2], name))


def _note(home: Path, name: str) -> Path:
    return home / NOTES / name


def _noted(note: Path) -> int:
    with suppress(OSError, ValueError):
        return to_number(note.read_text("ascii"))
    return -1
