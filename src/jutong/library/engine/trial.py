"""Work ``try-engine``: count, join and write a small table with an engine, and read back what it wrote."""

from __future__ import annotations

import time

import pyarrow as pa

from jutong.contracts.engines import TryEngineOrder, TryEngineResult
from jutong.library.engine import Engine, open_engine
from jutong.library.tables import describe, read_digest
from jutong.library.works import Place, Tell, engine_setting

ROWS = 10_000
SQL = (
    "SELECT a.k AS k, a.name AS name, count(*) AS n, CAST(sum(b.amount) AS DECIMAL(18, 2)) AS amount"
    " FROM trial_people a JOIN trial_amounts b ON a.k = b.k % 100 GROUP BY a.k, a.name"
)


def run(order: TryEngineOrder, place: Place, tell: Tell) -> TryEngineResult:
    """Try an engine; see the module.

    Raises:
        JutongError: as the engine names what stands in its way.
    """
    tell("opening", 0, 2)
    began = time.monotonic()
    with _opened(order.address, place) as engine:
        engine.attach_rows("trial_people", pa.table({"k": range(100), "name": [f"户{k}" for k in range(100)]}))
        amounts = pa.table({"k": range(ROWS), "amount": pa.array(range(ROWS), pa.decimal128(18, 2))})
        engine.attach_rows("trial_amounts", amounts)
        tell("computing", 1, 2)
        path = place.scratch / "trial"
        engine.write(SQL, path, commit={"work_id": place.work_id})
        tell("reading", 2, 2)
        rows, digest = describe(path).rows, read_digest(path)
        took_ms = int((time.monotonic() - began) * 1000)
        return TryEngineResult(engine=engine.name, rows=rows, digest=digest, took_ms=took_ms)


def _opened(address: str, place: Place) -> Engine:
    if not address:
        return place.engine()
    return open_engine(engine_setting(address), place.scratch)
