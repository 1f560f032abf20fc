"""Dry runs and periods at real databases: what the target would refuse is found out, and instants are meant rightly."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from jutong.contracts.dry import Dry
from jutong.contracts.landing import Landing
from jutong.contracts.modes import MergeMode, Period
from jutong.contracts.orders import JobOrder
from jutong.contracts.receipts import MovedReceipt
from jutong.kernel.clock import utc_now
from jutong.node.exchange.dry import rehearse
from jutong.node.exchange.move import Workplace
from jutong.node.exchange.targets.errors import TargetUnfitError, WriteForbiddenError
from jutong.node.sources import SourceConfig
from jutong.runtime.postgres import Postgres
from tests.unit.node.exchange.moving import ORGANISATION, landed, order_for, run_move

PASSWORD = "dry-password"
MANY = 30_000


@pytest.fixture
def civil(registry_server: Postgres) -> SourceConfig:
    dsn = registry_server.ensure_database("dry_civil", "dry_owner", PASSWORD)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("SET TIME ZONE 'Asia/Shanghai'")
        fill = "INSERT INTO t SELECT n, repeat('x', n % 12), '2026-01-01'::timestamptz + n * interval '1 minute'"
        for statement in (
            "DROP SCHEMA IF EXISTS hub CASCADE",
            "DROP SCHEMA IF EXISTS jutong_exchange CASCADE",
            "DROP TABLE IF EXISTS t",
            "CREATE TABLE t (id bigint PRIMARY KEY, name text, changed timestamptz)",
            f"{fill} FROM generate_series(1, {MANY}) n",
            "CREATE SCHEMA hub",
            "CREATE TABLE hub.t (id bigint PRIMARY KEY, name varchar(10), changed timestamptz)",
            "CREATE TABLE hub.u (id bigint PRIMARY KEY, name integer, changed timestamptz)",
        ):
            connection.execute(statement.encode())
    return SourceConfig("civil", "postgresql", ORGANISATION, dsn=dsn, writes=("hub",))


def tried(order: JobOrder, source: SourceConfig, home: Path) -> MovedReceipt:
    folder = home / "node/jobs" / order.job_id
    folder.mkdir(parents=True)
    place = Workplace(home / "library", folder, source if order.into else None)
    return rehearse(order, source, place=place, clock=utc_now, progress=lambda _: None)


def test_a_dry_run_into_a_database_finds_out_what_it_would_refuse(civil: SourceConfig, tmp_path: Path) -> None:
    def order(table: str, rows: int) -> JobOrder:
        pairs = tuple((name, name) for name in ("id", "name", "changed"))
        landing = Landing(source="civil", schema_name="hub", table=table, columns=pairs)
        plain = order_for(civil, "public", "t", "id", "name", "changed")
        return plain.model_copy(update={"into": landing, "dry": Dry(rows=rows, shown=("id",))})

    told = tried(order("t", 0), civil, tmp_path)
    too_long = MANY // 12
    assert (told.rows_read, told.rows_quarantined, told.rows_written) == (MANY, too_long, MANY - too_long)
    assert [count.rows for count in told.rules if count.id.startswith("into-") and count.rows] == [too_long]
    sample = {column.name: column for column in tried(order("t", 400), civil, tmp_path).columns}
    assert int(sample["id"].greatest) > MANY * 0.8
    with pytest.raises(TargetUnfitError):
        tried(order("u", 10), civil, tmp_path)
    with pytest.raises(WriteForbiddenError):
        tried(order("t", 10), replace(civil, writes=()), tmp_path)
    with psycopg.connect(civil.dsn) as connection:
        assert connection.execute("SELECT count(*) FROM hub.t").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM jutong_exchange.job").fetchone() == (0,)


def test_a_period_of_instants_is_meant_in_beijing(civil: SourceConfig, tmp_path: Path) -> None:
    order = order_for(civil, "public", "t", "id", "name", "changed").model_copy(
        update={
            "mode": MergeMode(keys=("id",), watermark="changed"),
            "period": Period(first="2026-01-02T00:00:00", until="2026-01-02T00:10:00"),
        }
    )
    found = run_move(order, civil, tmp_path)
    assert (found.rows_read, found.rows_inserted, found.position) == (10, 10, "")
    assert set(landed(tmp_path).column("id").to_pylist()) == set(range(1440, 1450)), "midnight in Beijing"
    with psycopg.connect(civil.dsn, autocommit=True) as connection:
        connection.execute("ALTER ROLE dry_owner SET timezone = 'America/New_York'")
    try:
        whole = order.model_copy(
            update={"job_id": str(uuid4()), "period": Period(first="2026-01-02", until="2026-01-03")}
        )
        assert run_move(whole, civil, tmp_path).rows_read == 1440
    finally:
        with psycopg.connect(civil.dsn, autocommit=True) as connection:
            connection.execute("ALTER ROLE dry_owner RESET timezone")
