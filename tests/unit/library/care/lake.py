"""Small tables of a library for the tests of its care."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq

from jutong.contracts.library_care import CareOrder, CareResult
from jutong.kernel.clock import utc_now
from jutong.library import tables
from jutong.library.care.work import run
from jutong.library.engine import Engine
from jutong.library.overwrite import Overwrite, Proof
from jutong.library.works import Place

OWNER = "11629900MB0000001X"


def people(*ids: int, name: str = "x", **more: list[Any]) -> pa.Table:
    """Rows of a register: an identity number that is made of the id, and a name."""
    return pa.table({"id_number": [number(one) for one in ids], "name": pa.array([name] * len(ids)), **more})


def number(one: int) -> str:
    """An identity number's likeness."""
    return f"62990119900101{one:04d}"


def table(library: Path, name: str = "person", zone: str = "landed", code: str = OWNER) -> Path:
    """The folder of a table."""
    return tables.table_path(library, zone, code, name)


def bring(path: Path, rows: pa.Table, mode: str = "append") -> None:
    """Let a job of ours write rows."""
    with Overwrite(path, str(uuid4()), mode) as target:  # type: ignore[arg-type]
        target.begin(rows.schema)
        target.begin_chunk(0)
        for batch in rows.to_batches():
            target.write(batch)
        target.finish()
        digest = target.read_back().text()
        target.commit(Proof(target.job_id, rows.num_rows, digest, digest, 1))


def ids(path: Path, version: int | None = None) -> list[str]:
    """The identity numbers in a version, in order."""
    files = [Path(uri) for uri in tables.open_table(path, version).file_uris()]
    return sorted(str(value) for file in files for value in pq.read_table(file)["id_number"].to_pylist())


def names(path: Path) -> set[str]:
    """The Parquet files in a table's folder."""
    return {file.name for file in path.glob("*.parquet")}


def place_of(home: Path, work_id: str = "", now: datetime | None = None) -> Place:
    """Where a work is done."""

    def no_engine() -> Engine:
        raise AssertionError

    scratch = home / "scratch"
    scratch.mkdir(exist_ok=True)
    return Place(home, home / "library", scratch, work_id or str(uuid4()), now or utc_now(), no_engine)


def care(home: Path, task: dict[str, Any], work_id: str = "") -> CareResult:
    """Carry out a task as a work does, its order read from what travels."""
    order = CareOrder.model_validate_json(json.dumps({"task": task}))
    return run(order, place_of(home, work_id), lambda *_: None)


CONSENTS = [
    {"role": role, "organisation_code": OWNER, "name": name, "at_ms": 1}
    for role, name in (("owner", "甲"), ("authority", "乙"), ("second", "丙"))
]
