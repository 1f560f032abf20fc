"""What a commit says about itself, and how a table stands by what its commits say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
from deltalake import DeltaTable

from jutong.library.digest import ContentDigest
from jutong.library.tables import METADATA_KEY, arrow_schema, digest_files

NEWEST = 5
_UNSAID: Mapping[str, Any] = {"job_id": "", "rows": -1, "source_digest": "", "digest": "", "started_ms": 0}
"""What a commit of an engine does not say."""

NO_ROWS_CHANGED = {"ADD FEATURE", "SET TBLPROPERTIES", "VACUUM START", "VACUUM END"}


@dataclass(frozen=True)
class Proof:
    """What a commit says about itself: whose job, how many rows, which content on either side.

    ``table_rows`` and ``table_digest`` stand for the whole table as the commit left it, whatever of it the job wrote.
    ``position`` is how far the column ``watermark`` was read, and ``position_rows`` how many rows had it. What a merge
    did is counted in ``inserted``, ``updated``, ``deleted`` and ``unchanged``; ``drift`` names columns that were other.
    """

    job_id: str
    rows: int
    source_digest: str
    digest: str
    started_ms: int
    rows_read: int = -1
    rows_quarantined: int = 0
    rows_skipped: int = 0
    table_rows: int = -1
    table_digest: str = ""
    watermark: str = ""
    position: str = ""
    position_rows: int = 0
    inserted: int = 0
    updated: int = 0
    deleted: int = 0
    unchanged: int = 0
    drift: str = ""

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Self:
        """Return the proof of a commit's metadata; what a later version added there is left out."""
        names = {field.name for field in fields(cls)}
        return cls(**{**_UNSAID, **{name: value for name, value in said.items() if name in names}})


@dataclass(frozen=True)
class Committed:
    """A commit that is in the table's log."""

    version: int
    time_ms: int
    proof: Proof


@dataclass(frozen=True)
class Standing:
    """A table as its newest proof has it. ``rows`` and ``digest`` stand for all its content."""

    version: int
    rows: int
    digest: str
    started_ms: int
    watermark: str
    position: str
    position_rows: int

    def with_added(self, proof: Proof, schema: pa.Schema) -> Proof:
        """Return the proof of rows of the table's schema that were added, with what they make of it."""
        whole = ContentDigest.sum_of(schema, self.digest, proof.digest)
        told = replace(proof, table_rows=whole.rows, table_digest=whole.text())
        return told if told.watermark else self.carried(told)

    def carried(self, proof: Proof) -> Proof:
        """Return a proof that knows no position with the one that was reached before."""
        return replace(proof, watermark=self.watermark, position=self.position, position_rows=self.position_rows)


def standing(path: Path) -> Standing | None:
    """Return how a table stands; None where there is none.

    The newest proof is believed. Where there is none, or something else wrote to the table since, its files are read.

    Raises:
        pyarrow.ArrowInvalid: when a file is damaged.
    """
    if not DeltaTable.is_deltatable(str(path)):
        return None
    table = DeltaTable(str(path))
    proof, current = newest_proof(table)
    rows, digest = (proof.table_rows, proof.table_digest) if proof else (-1, "")
    if not current or not digest:
        read = digest_files([Path(uri) for uri in table.file_uris()], arrow_schema(table))
        rows, digest = read.rows, read.text()
    if proof is None:
        return Standing(table.version(), rows, digest, 0, "", "", 0)
    kept = (proof.started_ms, proof.watermark, proof.position, proof.position_rows)
    return Standing(table.version(), rows, digest, *kept)


def newest_proof(table: DeltaTable) -> tuple[Proof | None, bool]:
    """Return the newest proof, and whether the table's content is still what it speaks of."""
    for limit in (NEWEST, None):
        current = True
        for commit in table.history(limit):
            if METADATA_KEY in commit:
                return Proof.of(commit[METADATA_KEY]), current
            current = current and commit.get("operation") in NO_ROWS_CHANGED
    return None, False
