"""What the tests of moves share."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyarrow as pa

from jutong.contracts.orders import JobOrder
from jutong.contracts.receipts import MovedReceipt
from jutong.kernel.clock import utc_now
from jutong.library.tables import open_table, read_batches, table_path
from jutong.node.exchange.move import Workplace, move
from jutong.node.exchange.progress import Progress
from jutong.node.exchange.runner import JobHandle
from jutong.node.sources import SourceConfig

ORGANISATION = "11629900MB0000001X"
PATIENCE_SECONDS = 120.0


def order_for(source: SourceConfig, schema: str, table: str, *columns: str, target: str = "moved") -> JobOrder:
    return JobOrder(
        job_id=str(uuid4()), source=source.name, schema_name=schema, table=table, columns=columns, target=target
    )


def run_move(
    order: JobOrder,
    source: SourceConfig,
    home: Path,
    into: SourceConfig | None = None,
    progress: Progress = lambda _: None,
) -> MovedReceipt:
    folder = home / "jobs" / order.job_id
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return move(order, source, place=Workplace(home / "library", folder, into), clock=utc_now, progress=progress)


def landed_path(home: Path, target: str = "moved") -> Path:
    return table_path(home / "library", "landed", ORGANISATION, target)


def landed(home: Path, target: str = "moved") -> pa.Table:
    table = open_table(landed_path(home, target))
    schema = pa.schema(table.schema().to_arrow())  # type: ignore[arg-type]
    return pa.Table.from_batches(read_batches([Path(uri) for uri in table.file_uris()], schema), schema)


def sqlite_source(folder: Path, script: str, rows: tuple[str, list[tuple[Any, ...]]] | None = None) -> SourceConfig:
    path = folder / "source.db"
    connection = sqlite3.connect(path)
    connection.executescript(script)
    if rows is not None:
        connection.executemany(*rows)
    connection.commit()
    connection.close()
    return SourceConfig("register", "sqlite", ORGANISATION, path=path)


def wait_for(handle: JobHandle, seen: Callable[[MovedReceipt], None] = lambda _: None) -> MovedReceipt:
    """Poll a job to its end."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        receipt = handle.poll()
        if receipt is not None:
            seen(receipt)
            if receipt.state != "running":
                return receipt
        time.sleep(0.02)
    raise AssertionError("the job did not end")
