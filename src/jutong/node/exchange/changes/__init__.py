"""What was committed at a source since the last job, read from its log: PostgreSQL's, or MariaDB's and MySQL's.

A move asks here; the drivers are loaded only for an order that reads changes.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from jutong.contracts.modes import LOGGED, ChangesMode
from jutong.contracts.orders import JobOrder
from jutong.library.overwrite import Proof
from jutong.node.exchange.errors import OrderUnfitError
from jutong.node.exchange.lanes import Lane, Work
from jutong.node.exchange.modes.since import Since
from jutong.node.exchange.readers import OpenRead
from jutong.node.exchange.rules.means import Means
from jutong.node.sources import SourceConfig


def asked_for(order: JobOrder) -> bool:
    """Tell whether an order reads changes."""
    return isinstance(order.mode, ChangesMode)


def opened(work: Work, means: Means, earlier: Since | None) -> AbstractContextManager[OpenRead]:
    """Open what changed; see ``reading.read``.

    Raises:
        OrderUnfitError: for a source that has no log.
    """
    from jutong.node.exchange.changes.names import name_of  # noqa: PLC0415

    dialect = work.source.dialect
    if dialect not in LOGGED:
        raise OrderUnfitError(what="写入方式", found=f"changes × {dialect}")
    if dialect == "mysql":
        from jutong.node.exchange.changes.row_log.reading import read as read_rows  # noqa: PLC0415

        return read_rows(work, name_of(work.order.target, means), earlier)
    from jutong.node.exchange.changes.reading import read  # noqa: PLC0415

    return read(work, means, earlier)


def lane_for(work: Work, found: OpenRead, means: Means) -> Lane:
    """Return the lane changes travel by."""
    from jutong.node.exchange.changes.lane import Changed  # noqa: PLC0415

    return Changed(work, found, means)


def confirm(order: JobOrder, source: SourceConfig, proof: Proof, folder: Path) -> None:
    """Tell the server how far its changes are safe, behind the commit; see ``reading.confirm``."""
    if asked_for(order) and source.dialect == "mysql":
        from jutong.node.exchange.changes.row_log import reading as rows  # noqa: PLC0415

        rows.confirm(source, proof, folder)
    elif asked_for(order):
        from jutong.node.exchange.changes import reading  # noqa: PLC0415

        reading.confirm(source, proof, folder)


def give_up(work: Work, means: Means) -> None:
    """Leave nothing at the source of a first job that failed; see ``reading.give_up``."""
    if asked_for(work.order) and work.source.dialect == "postgresql":
        from jutong.node.exchange.changes import reading  # noqa: PLC0415

        reading.give_up(work, means)


def of_changes(order: JobOrder, folder: Path) -> dict[str, Any]:
    """Return the fields of a receipt that only changes have."""
    if not asked_for(order):
        return {}
    from jutong.node.exchange.changes.told import told  # noqa: PLC0415

    found = told(folder)
    return {"changes": found.changes, "lag_bytes": found.lag_bytes, "log_permille": found.log_permille}
