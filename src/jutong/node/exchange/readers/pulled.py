"""What a job pulled from another node, in the job's folder: the rows until they are moved, the proofs for good."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from jutong.contracts.envelope import Document
from jutong.contracts.receipts import PulledTold
from jutong.node.exchange.jobs import write_whole

FILE = "pulled.json"
WHOLE_FILE, PAGES = "pulled.parquet", "pulled.jsonl"
MOST_TOLD = 100


class Answered(Document):
    """One answer of the other node, and the receipt and record that prove it to anybody; checked when it was pulled."""

    told: PulledTold
    receipt: str
    record: dict[str, Any]
    signers: tuple[str, ...]


class Pulled(Document):
    """All of them. ``file`` holds the rows, of which the other node says there are so many."""

    file: str
    rows: int
    answers: tuple[Answered, ...]


def keep(pulled: Pulled, folder: Path) -> None:
    """Keep what was pulled, durable before return; its file of rows is by then."""
    write_whole(folder / FILE, pulled.model_dump_json(indent=1), durable=True)


def load(folder: Path) -> Pulled | None:
    """Return what a job pulled; None where it has not, or not all."""
    try:
        return Pulled.model_validate_json((folder / FILE).read_bytes())
    except (OSError, ValidationError):
        return None


def forget(folder: Path) -> None:
    """Remove what was pulled: it is asked for anew, and on record anew."""
    for name in (FILE, WHOLE_FILE, PAGES):
        (folder / name).unlink(missing_ok=True)


def records_of(folder: Path) -> tuple[PulledTold, ...]:
    """Return the other node's records as a job's receipt tells them."""
    found = load(folder)
    return tuple(answer.told for answer in found.answers[:MOST_TOLD]) if found else ()
