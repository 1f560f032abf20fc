"""What a receipt tells of a job with a mode."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from jutong.contracts.orders import JobOrder
from jutong.library.proof import Proof


def of_mode(order: JobOrder, proof: Proof) -> dict[str, Any]:
    """Return the fields of a receipt; of the position only a moment, which is nobody's value."""
    if order.mode is None:
        return {}
    return {
        "mode": order.mode.kind,
        "rows_inserted": proof.inserted,
        "rows_updated": proof.updated,
        "rows_deleted": proof.deleted,
        "rows_unchanged": proof.unchanged,
        "table_rows": max(proof.table_rows, 0),
        "table_digest": proof.table_digest,
        "position": proof.position if _is_moment(proof.position) else "",
        "drift": tuple(proof.drift.split()),
    }


def _is_moment(position: str) -> bool:
    try:
        return "-" in position[1:] and datetime.fromisoformat(position) is not None
    except ValueError:
        return False
