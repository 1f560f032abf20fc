"""Watermarks of MariaDB: numbers beyond floating point, moments with and without a zone."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest

from jutong.contracts.modes import AppendMode, MergeMode, Period
from jutong.node.sources import SourceConfig
from tests.integration.node.test_exchange_mariadb import DATABASE, execute, source
from tests.plugins.mariadb import MariaDB
from tests.unit.node.exchange.moving import order_for, run_move

__all__ = ("source",)
pytestmark = pytest.mark.mariadb
TOP = 2**64 - 10


def test_a_position_is_exact_in_every_type(mariadb: MariaDB, source: SourceConfig, tmp_path: Path) -> None:
    execute(
        mariadb,
        "CREATE TABLE w (id BIGINT UNSIGNED PRIMARY KEY, seen DATETIME(6), at TIMESTAMP(3) NULL, day DATE)",
        f"INSERT INTO w VALUES ({TOP}, '2026-11-01 08:00:00.000001', '2026-11-01 08:00:00.5', '2026-11-01'),"
        f" ({TOP + 1}, '2026-11-01 08:00:00.000002', '2026-11-01 08:00:00.501', '2026-11-01')",
    )
    modes = {
        "id": AppendMode(watermark="id"), "seen": AppendMode(watermark="seen"),
        "at": MergeMode(keys=("id",), watermark="at", overlap=1),
        "day": MergeMode(keys=("id",), watermark="day", overlap=86_400),
    }  # fmt: skip

    def told() -> dict[str, tuple[int, str]]:
        found = {}
        for name, mode in modes.items():
            order = order_for(source, DATABASE, "w", "id", "seen", "at", "day", target=f"w_{name}")
            receipt = run_move(order.model_copy(update={"mode": mode}), source, tmp_path)
            found[name] = (receipt.rows_inserted, receipt.position)
        return found

    assert told() == {
        "id": (2, ""), "seen": (2, "2026-11-01 08:00:00.000002"), "at": (2, "2026-11-01 00:00:00.501"),
        "day": (2, "2026-11-01"),
    }  # fmt: skip
    execute(
        mariadb,
        f"INSERT INTO w VALUES ({TOP + 2}, '2026-11-01 08:00:00.000003', '2026-11-01 07:59:59.6', '2026-10-31'),"
        f" ({TOP - 1}, '2026-11-01 08:00:00', '2026-11-01 07:00:00', '2026-10-30')",
    )
    assert {name: rows for name, (rows, _) in told().items()} == {"id": 1, "seen": 1, "at": 1, "day": 1}
    assert {name: rows for name, (rows, _) in told().items()} == dict.fromkeys(modes, 0)
    ordered = order_for(source, DATABASE, "w", "id", "seen", "at", "day", target="w_at")
    for column, period, rows in (
        ("at", Period(first="2026-11-01T08:00:00", until="2026-11-01T08:00:01"), 2),
        ("seen", Period(first="2026-11-01", until="2026-11-02"), 4),
        ("day", Period(first="2026-10-31", until="2026-11-01"), 1),
        ("id", Period(first=str(TOP), until=str(TOP + 2)), 2),
    ):
        update = {"job_id": str(uuid4()), "mode": MergeMode(keys=("id",), watermark=column), "period": period}
        again = run_move(ordered.model_copy(update=update), source, tmp_path)
        assert (column, again.rows_read) == (column, rows)
