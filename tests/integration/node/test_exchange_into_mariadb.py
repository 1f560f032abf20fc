"""Moves into a table of MariaDB: what lands, what stays as it was, and what is refused before the first row."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from jutong.contracts.landing import Landing
from jutong.contracts.modes import AppendMode, DifferenceMode, MergeMode
from jutong.contracts.orders import JobOrder
from jutong.contracts.rules import ColumnMask, NotNull
from jutong.library.errors import KeyRepeatedError
from jutong.node.exchange import quarantine
from jutong.node.exchange.errors import ContentDiffersError
from jutong.node.exchange.progress import Held, SoFar
from jutong.node.exchange.targets import myload
from jutong.node.exchange.targets.errors import (
    LedgerForbiddenError,
    TargetLostError,
    TargetRefusedError,
    TargetUnfitError,
    WriteForbiddenError,
)
from jutong.node.sources import SourceConfig
from tests.plugins.mariadb import MariaDB
from tests.unit.node.exchange.moving import ORGANISATION, order_for, run_move, sqlite_source

HUB = "hub`%s"
"""A name that would be SQL or a placeholder if it were not quoted everywhere."""
DSN_HUB = "hub%60%25s"


@dataclass(frozen=True)
class World:
    server: MariaDB
    source: SourceConfig
    into: SourceConfig
    home: Path

    def at(self, database: str, *statements: str) -> list[tuple[Any, ...]]:
        with self.server.connect(database) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return list(cursor.fetchall())

    def at_source(self, *statements: str) -> list[tuple[Any, ...]]:
        return self.at("into_from", *statements)

    def at_target(self, *statements: str) -> list[tuple[Any, ...]]:
        return self.at(HUB, *statements)

    def order(self, *columns: str, table: str = "t", **changes: Any) -> JobOrder:
        pairs = tuple((name, name) for name in columns)
        landing = Landing(
            source="hub", schema_name=HUB, table=table, columns=pairs, proof=changes.pop("proof", "digest")
        )
        order = order_for(self.source, "into_from", "t", *columns)
        return order.model_copy(update={"into": landing, **changes})

    def move(self, order: JobOrder, source: SourceConfig | None = None) -> Any:
        return run_move(order, source or self.source, self.home, self.into)

    def left_over(self) -> list[tuple[Any, ...]]:
        """Return staging tables, former tables and unfinished jobs."""
        return self.at(
            "jutong_exchange",
            "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'jutong_exchange'"
            " AND TABLE_NAME NOT IN ('job', 'chunk') UNION ALL SELECT job_id FROM job WHERE state <> 'committed'",
        )


@pytest.fixture
def world(mariadb: MariaDB, tmp_path: Path) -> World:
    address = f"mysql://{mariadb.user}:{mariadb.password}@{mariadb.host}:{mariadb.port}"
    world = World(
        mariadb,
        SourceConfig("civil", "mysql", ORGANISATION, dsn=f"{address}/into_from"),
        SourceConfig("hub", "mysql", ORGANISATION, dsn=f"{address}/{DSN_HUB}", writes=(HUB,)),
        tmp_path,
    )
    mariadb.create_database("into_from")
    with mariadb.connect() as connection, connection.cursor() as cursor:
        cursor.execute("DROP DATABASE IF EXISTS `hub``%s`")
        cursor.execute("DROP DATABASE IF EXISTS jutong_exchange")
        cursor.execute("CREATE DATABASE `hub``%s` CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci")
    return world


EVERY = """
CREATE TABLE t (
    id bigint PRIMARY KEY, tiny tinyint, small smallint unsigned NOT NULL, mid mediumint, big bigint unsigned,
    single float, `dou``ble%s` double, money decimal(12, 2), exact decimal(38, 10), flags bit(12), born date,
    seen datetime(6), noon datetime, at timestamp(6) NULL, hour time(3), name varchar(50), `desc` longtext,
    padded char(6), sort enum('a', 'it''s', ''), photo longblob, key_ varbinary(8), fixed binary(4), uid uuid,
    doc json) CHARACTER SET utf8mb4
"""
COLUMNS = (
    "id", "tiny", "small", "mid", "big", "single", "dou`ble%s", "money", "exact", "flags", "born", "seen", "noon",
    "at", "hour", "name", "desc", "padded", "sort", "photo", "key_", "fixed", "uid", "doc",
)  # fmt: skip
ROWS = r"""
INSERT INTO t VALUES
 (0, -128, 65535, -8388608, 18446744073709551615, 1.1, 0.1, -9999999999.99,
  1234567890123456789012345678.0123456789, b'100000000001', '1000-01-01', '9999-12-31 23:59:59.999999',
  '2026-01-31 08:00:00', '2026-01-01 00:00:00.000001', '-838:59:59.000', '䶮㛃𬭎', 'a\tb\n\\N"c",,\r\n''\\', '6299',
  'it''s', X'0001FF22270A5C2C', X'00', X'00000000', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{"a": 1}'),
 (-1, NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
  NULL, NULL, NULL, NULL),
 (9223372036854775807, 127, 1, 1, 1, -0.0, 1e300, 0, -0.0000000001, 0, '9999-12-31', '1000-01-01 00:00:00',
  '1999-12-31 23:59:59', '2038-01-19 03:14:07', '00:00:00.120', '', '', '', '', '', '', X'FF00FF00', NULL, '[]'),
 (7, 1, 1, 1, 1, 3e38, 0.30000000000000004, 1, 1, 1, '2026-02-28', NULL, NULL, NULL, NULL, 'NULL', 'nul\0nul', 'ab c',
  'a', NULL, NULL, NULL, NULL, NULL)
"""


@pytest.mark.parametrize("local", [True, False])
def test_every_type_lands_exactly(world: World, monkeypatch: pytest.MonkeyPatch, *, local: bool) -> None:
    world.at_source("SET sql_mode = 'STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO'", EVERY, ROWS)
    world.at_target(EVERY)
    if not local:
        monkeypatch.setattr(myload, "_takes_local", lambda _: False)
    quoted = (f"HEX(`{name.replace('`', '``')}`)" for name in COLUMNS)
    hashed = f"{', '.join(quoted)}, `dou``ble%s` + 0e0"
    query = f"SELECT {hashed} FROM t ORDER BY id"
    original = world.at_source(query)
    for proof, scheme in (("digest", "jc1"), ("count", "count")):
        world.at_target("DELETE FROM t")
        order = world.order(*COLUMNS, proof=proof)
        receipt = world.move(order)
        assert (receipt.state, receipt.lane, receipt.rows_written) == ("done", "checked", 4)
        assert receipt.into == f"hub {HUB}.t"
        assert world.at_target(query) == original
        assert receipt.source_digest == receipt.target_digest
        assert receipt.source_digest.startswith(f"{scheme}:")
        assert world.move(order) == receipt  # a second run finds it done
    assert world.left_over() == []


def make(world: World, *target: str, rows: int = 2) -> None:
    """Make a small table at the source, and the target's own by the statements given."""
    world.at_source(
        "DROP TABLE IF EXISTS t", "CREATE TABLE t (id int PRIMARY KEY, name varchar(40))",
        f"INSERT INTO t SELECT seq, CONCAT('n', seq) FROM seq_1_to_{rows}",
    )  # fmt: skip
    world.at_target("DROP TABLE IF EXISTS child, t, parent", *target)


def test_a_table_is_exchanged_with_everything_that_belongs_to_it(world: World) -> None:
    make(
        world,
        "CREATE TABLE t (id int NOT NULL AUTO_INCREMENT COMMENT 'AUTO_INCREMENT, `KEY` (1)', name varchar(40) DEFAULT"
        " 'x', since date NOT NULL DEFAULT '2026-01-01', up varchar(40) AS (UPPER(name)) STORED, PRIMARY KEY (id),"
        " UNIQUE KEY `by``name` (name(20) DESC) COMMENT 'k', KEY since (since, id), CONSTRAINT odd CHECK (name <> 'y'))"
        " ENGINE=InnoDB AUTO_INCREMENT=900 COMMENT='表, AUTO_INCREMENT=7'",
        "INSERT INTO t (id, name) VALUES (90, 'old')", "CREATE OR REPLACE VIEW seen AS SELECT id, name FROM t",
    )  # fmt: skip
    shape = world.at_target("SHOW CREATE TABLE t")
    place = "SELECT TABLE_ID FROM information_schema.INNODB_SYS_TABLES WHERE NAME LIKE 'hub@%/t'"
    before = world.at_target(place)
    for _ in range(2):
        world.move(world.order("id", "name"))
        assert world.at_target("SELECT id, name, since = '2026-01-01', up FROM t ORDER BY id") == [
            (1, "n1", 1, "N1"), (2, "n2", 1, "N2"),
        ]  # fmt: skip
        assert world.at_target("SELECT * FROM seen ORDER BY id") == [(1, "n1"), (2, "n2")]
        assert world.at_target("SHOW CREATE TABLE t") == shape
    assert world.at_target(place) != before
    assert world.left_over() == []


def test_rows_are_exchanged_where_something_hangs_on_the_table(world: World) -> None:
    plain = "CREATE TABLE t (id int PRIMARY KEY, name varchar(40))"
    place = "SELECT TABLE_ID FROM information_schema.INNODB_SYS_TABLES WHERE NAME LIKE 'hub@%/t'"
    for made, hanging in (
        (plain, "CREATE TRIGGER told BEFORE INSERT ON t FOR EACH ROW SET @told = NEW.id"),
        (plain, "CREATE TABLE child (id int, FOREIGN KEY (id) REFERENCES t (id) ON DELETE CASCADE)"),
        ("CREATE TABLE t (id int PRIMARY KEY, name varchar(40), n int NOT NULL AUTO_INCREMENT, KEY (n))", ""),
        ("CREATE TABLE t (id int PRIMARY KEY, name varchar(40)) PARTITION BY HASH (id) PARTITIONS 2", ""),
        ("CREATE TABLE t (id int PRIMARY KEY, name varchar(40)) WITH SYSTEM VERSIONING", ""),
    ):
        make(world, made, "INSERT INTO t (id, name) VALUES (1, 'old'), (9, 'old')", *(hanging,) if hanging else ())
        if "child" in hanging:
            world.at_target("INSERT INTO child VALUES (1)")
        shape, before = world.at_target("SHOW CREATE TABLE t")[0][1].split(" AUTO_")[0], world.at_target(place)
        world.move(world.order("id", "name"))
        assert world.at_target("SELECT id, name FROM t ORDER BY 1") == [(1, "n1"), (2, "n2")], made
        assert world.at_target("SHOW CREATE TABLE t")[0][1].split(" AUTO_")[0] == shape
        assert world.at_target(place) == before
        if "child" in hanging:  # what refers to a row that is still there stays
            assert world.at_target("SELECT id FROM child") == [(1,)]
            world.at_source("DELETE FROM t WHERE id = 1")
            with pytest.raises(TargetRefusedError, match="child_ibfk_1"):
                world.move(world.order("id", "name"))
            assert world.at_target("SELECT id, name FROM t ORDER BY 1") == [(1, "n1"), (2, "n2")]
        assert world.left_over() == [], made


def test_what_the_target_refuses_leaves_it_as_it_was(world: World) -> None:
    for definition, name in (
        ("id int, name varchar(40), first char(1) AS (LEFT(name, 1)) STORED UNIQUE", "first"),
        ("id int, name varchar(40), CONSTRAINT odd CHECK (id <> 2)", "odd"),
        ("id int, name varchar(40) CHARACTER SET latin1", "name"),
        ("id int, name varchar(40), CONSTRAINT own FOREIGN KEY (id) REFERENCES parent (id)", "own"),
    ):
        make(world, "CREATE TABLE parent (id int PRIMARY KEY)", "INSERT INTO parent VALUES (1), (9)",
             f"CREATE TABLE t ({definition})", "INSERT INTO t (id, name) VALUES (9, 'x')")  # fmt: skip
        world.at_source("UPDATE t SET name = 'n名' WHERE id = 2")
        for proof in ("digest", "count"):
            with pytest.raises(TargetRefusedError) as caught:
                world.move(world.order("id", "name", proof=proof))
            assert str(caught.value).endswith(f" {name}。"), str(caught.value)
            assert world.at_target("SELECT id, name FROM t") == [(9, "x")]
    assert world.left_over() == []
