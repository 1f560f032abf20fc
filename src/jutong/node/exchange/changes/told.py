"""What a job's folder keeps of its changes."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from jutong.contracts.envelope import Document
from jutong.node.exchange.jobs import write_whole

TOLD = "changes.json"
GONE_FILE = "gone.parquet"


class Told(Document):
    """What a job's folder keeps of its changes.

    With ``only`` what arrives is not the whole table, and the keys of rows that are gone stand in a file. ``lag_bytes``
    is how much log the source kept at the end, ``log_permille`` how much of what it keeps at the most had passed when
    the job began.
    """

    changes: int = 0
    only: bool = False
    lag_bytes: int = 0
    log_permille: int = 0


def told(folder: Path) -> Told:
    """Return what a job's folder keeps of its changes."""
    try:
        return Told.model_validate_json((folder / TOLD).read_bytes())
    except (FileNotFoundError, ValidationError):
        return Told()


def keep(folder: Path, what: Told) -> None:
    """Keep it, durable before return."""
    write_whole(folder / TOLD, what.model_dump_json(), durable=True)
