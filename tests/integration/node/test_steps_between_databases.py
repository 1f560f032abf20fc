"""From MariaDB into PostgreSQL and the library with steps: times keep their moment, codes and names are rewritten."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from jutong.contracts import rules as rule
from jutong.contracts import steps as step
from jutong.contracts.landing import Landing
from jutong.node.exchange import quarantine
from jutong.node.exchange.targets.errors import TargetUnfitError
from jutong.node.sources import SourceConfig
from jutong.runtime.postgres import Postgres
from tests.plugins.mariadb import MariaDB
from tests.unit.node.exchange.moving import ORGANISATION, landed, order_for, run_move

pytestmark = pytest.mark.mariadb
PASSWORD = "stepped-password"
NEW, OLD, WRONG = "330103198504044566", "330103850404456", "330103198504044567"


def test_a_register_is_stepped_into_both_targets(mariadb: MariaDB, registry_server: Postgres, tmp_path: Path) -> None:
    mariadb.create_database("stepped")
    with mariadb.connect("stepped") as connection, connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS person")
        cursor.execute(
            "CREATE TABLE person (id INT PRIMARY KEY, sfzh VARCHAR(18), xm CHAR(20), xb VARCHAR(4), xzqh INT,"
            " gxsj DATETIME, fen BIGINT)"
        )
        cursor.execute(
            "INSERT INTO person VALUES (1, %s, '张　三', '男', 110221, '2026-01-01 08:00:00', 12345),"
            " (2, %s, '阿依•古丽', '女', 110103, '1986-09-14 01:30:00', 1), (3, %s, '李四', '女', 110101, NULL, NULL),"
            " (4, %s, '王五', '未知', 110101, '2026-01-01 00:00:00', 5)",
            (NEW, OLD, WRONG, NEW),
        )
        connection.commit()
    source = SourceConfig("old", "mysql", ORGANISATION, dsn=f"mysql://root:@127.0.0.1:{mariadb.port}/stepped")
    dsn = registry_server.ensure_database("stepped_hub", "stepped_owner", PASSWORD)
    with psycopg.connect(dsn, autocommit=True) as target:
        target.execute("DROP SCHEMA IF EXISTS hub CASCADE; DROP SCHEMA IF EXISTS jutong_exchange CASCADE")
        target.execute("CREATE SCHEMA hub")
        target.execute(
            "CREATE TABLE hub.person (sfzh char(18), name varchar(20), sex char(1), area char(6), at timestamptz,"
            " born date, yuan numeric(12, 2), id int)"
        )
    hub = SourceConfig("hub", "postgresql", ORGANISATION, dsn=dsn, writes=("hub",))
    names = ("id", "sfzh", "xm", "xb", "xzqh", "gxsj", "fen")
    order = order_for(source, "stepped", "person", *names).model_copy(update={
        "steps": (
            step.Standardise(id="name", column="xm", spaces="none", dots=True),
            step.Translate(id="sex", column="xb", pairs=(("男", "1"), ("女", "2"))),
            step.AsText(id="six", column="xzqh", pad=6),
            step.Translate(id="area", column="xzqh", table="gbt2260", from_day="1995-12-31", to_day="2022-12-31"),
            step.IdentityPart(id="born", column="sfzh", into="born", part="birth-date"),
            step.Arithmetic(id="yuan", column="fen", operator="multiply", amount="0.01", into="yuan", precision=12),
            step.Drop(id="fen", column="fen"),
        ),
        "rules": (rule.Identity(id="number", column="sfzh", to_18=True),),
    })  # fmt: skip
    after = ("id", "sfzh", "xm", "xb", "xzqh", "gxsj", "born", "yuan")
    pairs = tuple(zip(after, ("id", "sfzh", "name", "sex", "area", "at", "born", "yuan"), strict=True))
    into = order.model_copy(update={"into": Landing(source="hub", schema_name="hub", table="person", columns=pairs)})
    with pytest.raises(TargetUnfitError, match="gxsj"):  # a time without a zone would land eight hours off
        run_move(into, source, tmp_path, hub)
    zoned = replace(source, zone="Asia/Shanghai")
    receipt = run_move(order, zoned, tmp_path)
    hubbed = run_move(into.model_copy(update={"job_id": str(uuid4())}), zoned, tmp_path, hub)
    for found in (receipt, hubbed):
        assert (found.rows_read, found.rows_written, found.rows_quarantined) == (4, 2, 2)
    expected = {
        1: ("张三", "1", "110114", dt.datetime(2026, 1, 1, tzinfo=dt.UTC), "123.45"),
        2: ("阿依·古丽", "2", "110101", dt.datetime(1986, 9, 13, 16, 30, tzinfo=dt.UTC), "0.01"),
    }
    rows = {row["id"]: row for row in landed(tmp_path).to_pylist()}
    assert {
        key: (row["xm"], row["xb"], row["xzqh"], row["gxsj"], str(row["yuan"])) for key, row in rows.items()
    } == expected
    assert {(row["sfzh"], row["born"]) for row in rows.values()} == {(NEW, dt.date(1985, 4, 4))}
    with psycopg.connect(dsn) as target:
        there = target.execute("SELECT id, name, sex, area, at, yuan::text FROM hub.person ORDER BY id").fetchall()
    assert {row[0]: row[1:] for row in there} == expected
    refused = [quarantine.pick(tmp_path / "jobs" / receipt.job_id, 0, position) for position in (3, 4)]
    told = [row and {(one.rule, one.column, one.value) for one in row.findings} for row in refused]
    assert told == [{("number", "sfzh", WRONG), ("born", "sfzh", WRONG)}, {("sex", "xb", "未知")}]
