"""What the book of a database says of the whole table a job left, so that it can be looked at again later."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from jutong.contracts.landing import Landing
from jutong.contracts.modes import DifferenceMode, ReplaceMode
from jutong.contracts.orders import JobOrder
from jutong.library.proof import Proof
from jutong.node.exchange.lanes.sums import COUNTED

LANDS, COLUMNS = "lands", "columns"


def told(schema: pa.Schema, landing: Landing) -> dict[str, Any]:
    """Return what has to be known to read the landed columns again: their types, and where each of them went."""
    written = base64.b64encode(schema.serialize().to_pybytes()).decode()
    return {LANDS: written, COLUMNS: [list(pair) for pair in landing.columns]}


def whole(proof: Proof, order: JobOrder, count: Callable[[], int], *, adds: bool = False) -> Proof:
    """Return a proof that knows how many rows the table has, and their digest where that is certain.

    Args:
        proof: of what the job wrote.
        order: the job's.
        count: counts the table's rows, in the transaction that commits.
        adds: whether rows were only added.
    """
    mode = order.mode
    replaced = not adds and (mode is None or isinstance(mode, ReplaceMode))
    rows = proof.rows if replaced else count()
    # After a difference that takes out what is gone, the table is what was read, unless it has a key twice.
    same = replaced or (isinstance(mode, DifferenceMode) and mode.deletes == "hard" and rows == proof.rows)
    known = same and not proof.digest.startswith(COUNTED)
    return replace(proof, table_rows=rows, table_digest=proof.digest if known else "")


@dataclass(frozen=True)
class Left:
    """How the newest job left a table: its proof, and the types and places of the columns that landed."""

    job_id: str
    schema_name: str
    table: str
    proof: Proof
    schema: pa.Schema
    columns: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, job_id: str, place: tuple[str, str], said: Mapping[str, Any]) -> Left | None:
        """Return what a line of the book says; None for a line of an earlier version, which does not say enough."""
        if LANDS not in said:
            return None
        schema = pa.ipc.read_schema(pa.py_buffer(base64.b64decode(said[LANDS])))
        columns = tuple((str(one), str(other)) for one, other in said[COLUMNS])
        return cls(job_id, *place, Proof.of(said), schema, columns)
