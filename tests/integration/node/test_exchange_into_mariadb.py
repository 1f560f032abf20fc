"""Moves into a table of MariaDB: what lands, what stays as it was, and what is refused before the first row."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from jutong.contracts.landing import Landing
from jutong.contracts.modes import AppendMode, DifferenceMode, MergeMode
from jutong.contracts.orders import JobOrder
from jutong.contracts.rules import ColumnMask
from jutong.kernel.clock import utc_now
from jutong.library.errors import KeyRepeatedError
from jutong.node import sources
from jutong.node.exchange import chunks
from jutong.node.exchange.errors import ContentDiffersError
from jutong.node.exchange.progress import Held, SoFar
from jutong.node.exchange.repair import Repair
from jutong.node.exchange.replay import Replay
from jutong.node.exchange.targets import myload
from jutong.node.exchange.targets.errors import (
    LedgerForbiddenError,
    TargetLostError,
    TargetRefusedError,
    TargetUnfitError,
    WriteForbiddenError,
)
from jutong.node.exchange.targets.myswap import Replace
from jutong.node.sources import SourceConfig
from tests.plugins.mariadb import MariaDB
from tests.unit.node.exchange.moving import ORGANISATION, order_for, run_move, sqlite_source

pytestmark = pytest.mark.mariadb
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
    order = world.order(*COLUMNS)
    receipt = world.move(order)
    assert (receipt.state, receipt.lane, receipt.rows_written) == ("done", "checked", 4)
    assert receipt.into == f"hub {HUB}.t"
    assert world.at_target(query) == original
    assert receipt.source_digest == receipt.target_digest
    assert receipt.source_digest.startswith("jc1:")
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
        with pytest.raises(TargetRefusedError) as caught:
            world.move(world.order("id", "name", proof="count"))  # nothing is read back, and yet nothing is let pass
        assert str(caught.value).endswith(f" {name}。"), str(caught.value)
        assert world.at_target("SELECT id, name FROM t") == [(9, "x")]
    assert world.left_over() == []


def test_what_can_never_fit_is_refused_before_the_first_row(world: World) -> None:
    make(world, "CREATE TABLE t (id tinyint(1), name datetime NOT NULL)")
    with pytest.raises(TargetUnfitError, match=r"name（string）→ name（datetime）。"):
        world.move(world.order("id", "name"))
    for made, problem in (
        ("(id int) ENGINE=MyISAM", "ENGINE=MyISAM"),
        ("(id int, b int NOT NULL)", r"\? → b NOT NULL"),
        ("(id int AS (1) STORED)", "id（int32）|id（int64）"),
    ):
        world.at_target("DROP TABLE t", f"CREATE TABLE t {made}")
        with pytest.raises(TargetUnfitError, match=problem):
            world.move(world.order("id"))
    with pytest.raises(TargetUnfitError):
        world.move(world.order("id", table="gone"))
    with pytest.raises(WriteForbiddenError):
        run_move(world.order("id"), world.source, world.home, replace(world.into, writes=()))
    assert world.left_over() == []


def test_rows_that_do_not_fit_are_set_aside_and_come_in_when_put_right(world: World, tmp_path: Path) -> None:
    source = sqlite_source(
        tmp_path,
        "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, n INTEGER)",
        (
            "INSERT INTO t VALUES (?, ?, ?)",
            [(1, "a\0b", 1), (2, "tolong", 1), (3, "𬭎", 1), (4, "ok", 256), (5, None, 1), (6, "ok", -1)],
        ),
    )  # fmt: skip
    make(world, "CREATE TABLE t (id int, name varchar(4) CHARACTER SET utf8mb3 NOT NULL, n tinyint unsigned)")
    hub = {"name": "hub", "dialect": "mysql", "organisation_code": ORGANISATION, "dsn": world.into.dsn}
    file = tmp_path / sources.FILE
    file.parent.mkdir()
    file.touch(0o600)
    file.write_text(json.dumps([{**hub, "writes": [HUB]}]), encoding="utf-8")
    landing = world.order("id", "name", "n").into
    order = order_for(source, "main", "t", "id", "name", "n").model_copy(update={"into": landing})
    receipt = run_move(order, source, tmp_path, world.into)
    assert (receipt.rows_read, receipt.rows_written, receipt.rows_quarantined) == (6, 1, 5)
    assert {rule.id: rule.rows for rule in receipt.rules} == {
        "into-2-length": 1, "into-2-letters": 1, "into-2-null": 1, "into-3-range": 2,
    }  # fmt: skip
    with Repair(tmp_path / "jobs" / order.job_id, order) as repair:
        repair.fix("0-2", {"name": "fine"}, "seen", utc_now())
        for _ in range(2):
            Replay(repair, tmp_path, source).run(utc_now())
            assert world.at_target("SELECT * FROM t ORDER BY 1") == [(1, "a\0b", 1), (2, "fine", 1)]
    # A mask comes after the rules: what it makes too long ends the move instead.
    masks = (ColumnMask(column="name", mask="all"),)
    world.at_target("DELETE FROM t", "ALTER TABLE t MODIFY name varchar(1) NOT NULL")
    with pytest.raises(TargetUnfitError):
        run_move(
            world.order("id", "name", "n").model_copy(
                update={"source": "register", "schema_name": "main", "masks": masks}
            ),
            source,
            tmp_path,
            world.into,
        )
    assert world.left_over() == []


def test_moments_keep_their_fraction_and_their_zone(world: World) -> None:
    world.at_source(
        "DROP TABLE IF EXISTS t", "CREATE TABLE t (id int, at timestamp(6) NULL)", "SET time_zone = '+00:00'",
        "INSERT INTO t VALUES (1, '2026-01-01 00:00:00.5'), (2, NULL), (3, '1988-06-01 00:00:00')",
    )  # fmt: skip
    world.at_target("DROP TABLE IF EXISTS t", "CREATE TABLE t (id int, at datetime(1))")
    with pytest.raises(TargetUnfitError, match="datetime"):  # nobody said what its times are meant in
        world.move(world.order("id", "at"))
    there = replace(world.into, zone="Asia/Shanghai")
    run_move(world.order("id", "at"), world.source, world.home, there)
    assert world.at_target("SELECT id, CAST(at AS CHAR) FROM t ORDER BY id") == [
        (1, "2026-01-01 08:00:00.5"), (2, None), (3, "1988-06-01 09:00:00.0"),
    ]  # fmt: skip
    world.at_target("ALTER TABLE t MODIFY at datetime")
    with pytest.raises(TargetUnfitError, match=r"at（datetime）"):
        run_move(world.order("id", "at"), world.source, world.home, there)


def test_modes_bring_rows_in(world: World) -> None:
    make(world, "CREATE TABLE t (n int NOT NULL AUTO_INCREMENT PRIMARY KEY, id int, name varchar(40) COLLATE"
         " utf8mb4_general_ci, more int DEFAULT 5, KEY (id))", "INSERT INTO t (n, id, name, more) VALUES"
         " (1, 2, 'N2', 1), (2, 9, 'gone', 1), (3, 1, 'n1', 1), (4, 2, 'old', 1)", rows=3)  # fmt: skip
    merge = world.move(world.order("id", "name", mode=MergeMode(keys=("id",))))
    assert (merge.rows_inserted, merge.rows_updated, merge.rows_deleted, merge.rows_unchanged) == (1, 1, 0, 1)
    rows = "SELECT id, name, more FROM t ORDER BY id, n"
    assert world.at_target(rows) == [(1, "n1", 1), (2, "n2", 1), (2, "n2", 1), (3, "n3", 5), (9, "gone", 1)]
    world.at_source("UPDATE t SET name = NULL WHERE id = 1", "DELETE FROM t WHERE id = 3")
    hard = world.move(world.order("id", "name", mode=DifferenceMode(keys=("id",))))
    assert (hard.rows_inserted, hard.rows_updated, hard.rows_deleted) == (0, 1, 2)
    assert world.at_target(rows) == [(1, None, 1), (2, "n2", 1), (2, "n2", 1)]
    world.at_source("INSERT INTO t VALUES (5, 'five')")
    for count in (3, 0):
        append = world.move(world.order("id", "name", mode=AppendMode(watermark="id")))
        assert append.rows_inserted == count
    assert [row[0] for row in world.at_target(rows)] == [1, 1, 2, 2, 2, 5]
    world.at_source("ALTER TABLE t DROP PRIMARY KEY", "INSERT INTO t VALUES (5, 'twice')")
    with pytest.raises(KeyRepeatedError):
        world.move(world.order("id", "name", mode=DifferenceMode(keys=("id",))))
    world.at_target("CREATE TRIGGER mind BEFORE UPDATE ON t FOR EACH ROW SET NEW.name = 'mine'")
    world.at_source("DELETE FROM t WHERE id = 5", "UPDATE t SET name = 'new'")
    before = world.at_target(rows)
    with pytest.raises(ContentDiffersError):
        world.move(world.order("id", "name", mode=MergeMode(keys=("id",))))
    assert world.at_target(rows) == before
    assert world.left_over() == []


def chunked(world: World, **changes: Any) -> JobOrder:
    make(world, "CREATE TABLE t (id int PRIMARY KEY, name varchar(40))", "INSERT INTO t VALUES (0, 'old')", rows=5000)
    return world.order("id", "name", chunk_rows=1000, **changes)


def test_a_held_move_goes_on_behind_its_last_chunk_and_readers_see_no_half(world: World, tmp_path: Path) -> None:
    order = chunked(world)

    def hold(so_far: SoFar) -> None:
        assert world.at_target("SELECT id FROM t") == [(0,)]
        if so_far.chunks_done == 3:
            raise Held

    with pytest.raises(Held):
        run_move(order, world.source, world.home, world.into, hold)
    stood = world.at("jutong_exchange", "SELECT number, written_at FROM chunk ORDER BY number")
    assert len(stood) == 3
    folder = tmp_path / "jobs" / order.job_id
    ledger = chunks.load(folder)  # as after a kill between the target's commit and our own file
    assert ledger is not None
    chunks.save(folder, ledger.model_copy(update={"done": ledger.done[:-1]}))
    receipt = world.move(order)
    assert (receipt.chunks, receipt.snapshots, receipt.rows_written) == (5, 2, 5000)
    assert world.at("jutong_exchange", "SELECT number, written_at FROM chunk ORDER BY number")[:3] == stood
    assert world.at_target("SELECT count(*), count(DISTINCT id), min(id) FROM t") == [(5000, 5000, 1)]

    def taken_over(so_far: SoFar) -> None:
        if so_far.chunks_done == 2:
            world.at("jutong_exchange", "UPDATE job SET holder = UUID() WHERE state = 'filling'")

    with pytest.raises(TargetLostError):
        run_move(chunked(world), world.source, world.home, world.into, taken_over)
    assert world.at_target("SELECT id FROM t") == [(0,)]

    def lose(so_far: SoFar) -> None:
        if so_far.phase == "committing":
            world.at("jutong_exchange", f"DELETE FROM s_{order.job_id.replace('-', '')} WHERE id = 7")

    order = chunked(world)
    with pytest.raises(ContentDiffersError):
        run_move(order, world.source, world.home, world.into, lose)
    assert world.at_target("SELECT id FROM t") == [(0,)]
    assert world.left_over() == []


@pytest.mark.parametrize("renamed", [True, False])
def test_a_process_that_dies_around_the_exchange_is_told_apart_by_the_names(
    world: World, monkeypatch: pytest.MonkeyPatch, *, renamed: bool
) -> None:
    order, swap = chunked(world), Replace.swap

    def killed(self: Replace, former: str) -> bool:
        if renamed:
            swap(self, former)
        raise Held  # leaves everything as it is

    monkeypatch.setattr(Replace, "swap", killed)
    with pytest.raises(Held):
        world.move(order)
    assert world.at("jutong_exchange", "SELECT state FROM job") == [("swapping",)]
    assert world.at_target("SELECT count(*), min(id) FROM t") == [(5000, 1) if renamed else (1, 0)]
    if not renamed:
        monkeypatch.setattr(Replace, "swap", swap)
    written = world.at("jutong_exchange", "SELECT number, written_at FROM chunk")
    receipt = world.move(order)  # one that was renamed would be killed again
    assert (receipt.state, receipt.rows_written, receipt.chunks) == ("done", 5000, 5)
    assert world.at("jutong_exchange", "SELECT number, written_at FROM chunk") == written
    assert world.at_target("SELECT count(*), min(id) FROM t") == [(5000, 1)]
    monkeypatch.setattr(Replace, "swap", swap)
    world.move(world.order("id", "name"))
    assert world.left_over() == []  # the next job took away what the killed one had put aside


def test_an_account_is_told_what_it_lacks_and_needs_no_right_to_rename(world: World, mariadb: MariaDB) -> None:
    make(world, "CREATE TABLE t (id int PRIMARY KEY)", "INSERT INTO t VALUES (0)")
    world.at_target("DROP USER IF EXISTS guest@'127.0.0.1'", "CREATE USER guest@'127.0.0.1' IDENTIFIED BY 'g'",
                    "GRANT SELECT, INSERT, UPDATE, DELETE ON `hub``%s`.* TO guest@'127.0.0.1'")  # fmt: skip
    guest = replace(world.into, dsn=world.into.dsn.replace(f"{mariadb.user}:{mariadb.password}@", "guest:g@"))
    with pytest.raises(LedgerForbiddenError) as caught:
        run_move(world.order("id"), world.source, world.home, guest)
    assert "GRANT ALL ON jutong_exchange.* TO" in caught.value.advise()
    world.at_target("CREATE DATABASE jutong_exchange", "GRANT ALL ON jutong_exchange.* TO guest@'127.0.0.1'")
    run_move(world.order("id"), world.source, world.home, guest)
    assert world.at_target("SELECT id FROM t ORDER BY id") == [(1,), (2,)]
    # A foreign key it cannot see is found out about when it is too late, and everything is put back.
    mariadb.create_database("unseen")
    refers = "CREATE TABLE unseen.child (id int, FOREIGN KEY (id) REFERENCES `hub``%s`.t (id) ON DELETE CASCADE)"
    world.at_target("GRANT ALL ON `hub``%s`.* TO guest@'127.0.0.1'", refers, "INSERT INTO unseen.child VALUES (1)")
    with pytest.raises(TargetRefusedError, match="error 1451"):
        run_move(world.order("id"), world.source, world.home, guest)
    world.at_target("DELETE FROM t WHERE id = 1")
    assert world.at_target("SELECT COUNT(*) FROM unseen.child") == [(0,)]  # it still refers to the table
    world.at_target("DROP DATABASE unseen")
    assert world.left_over() == []


def test_long_values_come_back_in_pieces_the_server_can_send(world: World) -> None:
    world.at_source(
        "DROP TABLE IF EXISTS t", "CREATE TABLE t (id int PRIMARY KEY, name longtext)",
        "INSERT INTO t SELECT seq, IF(seq IN (100, 101, 102), REPEAT('长', 130000), 'x') FROM seq_1_to_3000",
    )  # fmt: skip
    world.at_target("CREATE TABLE t (id int PRIMARY KEY, name longtext)", "SET GLOBAL max_allowed_packet = 1048576")
    try:
        assert world.move(world.order("id", "name")).rows_written == 3000
    finally:
        world.at_target("SET GLOBAL max_allowed_packet = DEFAULT")
    assert world.at_target("SELECT SUM(LENGTH(name)) FROM t") == [(3 * 390_000 + 2997,)]
