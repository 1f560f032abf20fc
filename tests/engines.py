"""Both engines for tests: every result of a shipped job on one is held against that of the other, row by row.

``spark_address()`` gives the address of a Spark Connect server on loopback (Sail, without a JVM), started once in the
test's own process. ``both(scratch, do)`` carries out the same work on each engine and compares the tables it wrote.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa
from deltalake import DeltaTable

from jutong.library.engine import DUCKDB, Engine, EngineSetting, open_engine

MEMORY_MB = 256


@lru_cache(maxsize=1)
def _server() -> Any:
    from pysail.spark import SparkConnectServer  # type: ignore[import-untyped]

    server = SparkConnectServer("127.0.0.1", 0)
    server.start(background=True)
    return server


def spark_address() -> str:
    host, port = _server().listening_address
    return f"sc://{host}:{port}"


def engine(address: str, scratch: Path) -> Engine:
    return open_engine(EngineSetting(address, MEMORY_MB), scratch)


def table_rows(path: Path, *, without: tuple[str, ...] = ()) -> tuple[pa.Schema, list[dict[str, Any]]]:
    """Return schema and rows of a Delta table, rows in an order that does not depend on who wrote them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = pa.table(DeltaTable(str(path)).to_pyarrow_table())
    kept = found.select([name for name in found.column_names if name not in without])
    return kept.schema, sorted(kept.to_pylist(), key=repr)


def both(scratch: Path, do: Callable[[Engine, Path], tuple[Path, ...]], *, without: tuple[str, ...] = ()) -> None:
    """Do the same work on each engine and compare every table it wrote.

    Args:
        scratch: a folder for the test.
        do: given an engine and a folder of its own; returns the tables it wrote there.
        without: columns that differ from run to run.
    """
    found = []
    for address in (DUCKDB, spark_address()):
        folder = scratch / address.split(":")[0]
        folder.mkdir(parents=True)
        with engine(address, folder / "scratch") as one:
            tables = do(one, folder)
        found.append({str(path.relative_to(folder)): table_rows(path, without=without) for path in tables})
    ours, theirs = found
    assert ours.keys() == theirs.keys()
    for table, (schema, rows) in ours.items():
        assert rows, f"{table} is empty: nothing is compared"
        assert schema == theirs[table][0], table
        assert rows == theirs[table][1], table
