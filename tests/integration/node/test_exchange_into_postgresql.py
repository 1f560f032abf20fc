"""Moves into a table of PostgreSQL: what lands, what stays as it was, and what is refused before the first row."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from jutong.contracts.landing import Landing
from jutong.contracts.orders import JobOrder
from jutong.contracts.rules import ColumnMask, NotNull
from jutong.kernel.clock import utc_now
from jutong.node import sources
from jutong.node.exchange import chunks, quarantine
from jutong.node.exchange.errors import ContentDiffersError
from jutong.node.exchange.progress import Held, SoFar
from jutong.node.exchange.repair import Repair
from jutong.node.exchange.replay import Replay
from jutong.node.exchange.targets.errors import (
    LedgerForbiddenError,
    TargetLostError,
    TargetRefusedError,
    TargetUnfitError,
    WriteForbiddenError,
)
from jutong.node.sources import SourceConfig
from jutong.runtime.postgres import Postgres
from tests.unit.node.exchange.moving import ORGANISATION, order_for, run_move, sqlite_source

PASSWORD = "into-password"
HUB = 'hub"%s'
"""A name that would be SQL or a placeholder if it were not quoted everywhere."""


@dataclass(frozen=True)
class World:
    source: SourceConfig
    into: SourceConfig
    home: Path

    def at_source(self, *statements: str) -> None:
        with psycopg.connect(self.source.dsn, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def at_target(self, *statements: str) -> list[tuple[Any, ...]]:
        """Run statements with the hub as search path; return the rows of the last."""
        with psycopg.connect(self.into.dsn, autocommit=True) as connection:
            connection.execute("SELECT set_config('search_path', %s, false)", ('"hub""%s"',))
            cursor = None
            for statement in statements:
                cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor is not None and cursor.description else []

    def order(self, *columns: str, table: str = "t", **changes: Any) -> JobOrder:
        proof = changes.pop("proof", "digest")
        pairs = tuple((name, changes.pop("names", {}).get(name, name)) for name in columns)
        landing = Landing(source="hub", schema_name=HUB, table=table, columns=pairs, proof=proof)
        order = order_for(self.source, "public", "t", *columns)
        return order.model_copy(update={"into": landing, **changes})

    def move(self, order: JobOrder) -> Any:
        return run_move(order, self.source, self.home, self.into)

    def left_over(self) -> list[tuple[Any, ...]]:
        """Return staging tables and unfinished jobs."""
        return self.at_target(
            "SELECT relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE nspname = 'jutong_exchange' AND relname LIKE 's\\_%'"
            " UNION ALL SELECT job_id::text FROM jutong_exchange.job WHERE state = 'filling'"
        )


@pytest.fixture
def world(registry_server: Postgres, tmp_path: Path) -> World:
    dsns = [registry_server.ensure_database(name, f"{name}_owner", PASSWORD) for name in ("into_from", "into_hub")]
    world = World(
        SourceConfig("civil", "postgresql", ORGANISATION, dsn=dsns[0]),
        SourceConfig("hub", "postgresql", ORGANISATION, dsn=dsns[1], writes=(HUB,)),
        tmp_path,
    )
    world.at_source("DROP TABLE IF EXISTS t CASCADE")
    with psycopg.connect(dsns[1], autocommit=True) as connection:
        connection.execute('DROP SCHEMA IF EXISTS "hub""%s" CASCADE')
        connection.execute('CREATE SCHEMA "hub""%s"')
        connection.execute("DROP SCHEMA IF EXISTS jutong_exchange CASCADE")
    return world


EVERY = """
CREATE TABLE t (
    id bigint PRIMARY KEY, small smallint, whole integer NOT NULL, ok boolean, single real,
    "dou""ble%s" double precision,
    name varchar(50), "desc" text, padded char(6), money numeric(12, 2), exact numeric(38, 10), free numeric,
    six numeric(18, 6), born date, seen timestamp, at timestamptz, hour time(3), uid uuid, doc jsonb, photo bytea,
    net inet)
"""
COLUMNS = (
    "id", "small", "whole", "ok", "single", 'dou"ble%s', "name", "desc", "padded", "money", "exact", "free", "six",
    "born", "seen", "at", "hour", "uid", "doc", "photo", "net",
)  # fmt: skip
# Among the numbers those that drivers have written wrongly: whole parts of 10^9, scales that are no multiple of 4.
ROWS = """
INSERT INTO t VALUES
 (1, -32768, 2147483647, true, 1.1, 0.1, '䶮㛃', E'a\\tb\\n\\\\N', '6299', -9999999999.99,
  1234567890123456789012345678.0123456789, 1.123456789012345678901234567890, 1000000000.000001, '0044-03-15 BC',
  '9999-12-31 23:59:59.999999', '2026-01-01 08:00:00.000001+08', '23:59:59.999',
  'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{"a": 1}', '\\x0001ff', '10.0.0.0/8'),
 (2, NULL, 0, NULL, 'NaN', '-Infinity', '', '', '', 0, NULL, 1e40, 2000000000, '1970-01-01', NULL, NULL, NULL, NULL,
  NULL, '', NULL),
 (3, 1, 1, false, -0.0, 1e300, 'NULL', '𬭎', 'ab c', 1000000000, -0.0000000001, 0.1, -1000000000, NULL, NULL,
  '1883-01-01 00:00:00+08:05:43', '00:00:00', NULL, '[]', NULL, '::1')
"""


def test_every_type_lands_exactly_on_either_lane(world: World) -> None:
    world.at_source(EVERY, ROWS)
    world.at_target(EVERY)
    with psycopg.connect(world.source.dsn) as connection:
        original = connection.execute("SELECT t::text FROM t ORDER BY id").fetchall()
    plain = world.order(*COLUMNS)
    asked = world.order(*COLUMNS, rules=(NotNull(id="n", column="whole"),))
    counted = [world.order(*COLUMNS, rules=rules, proof="count") for rules in ((), asked.rules)]
    digests = set()
    for order, lane in ((plain, "raw"), (asked, "checked"), (counted[0], "raw"), (counted[1], "checked")):
        world.at_target("DELETE FROM t")
        receipt = world.move(order)
        assert (receipt.state, receipt.lane, receipt.rows_written) == ("done", lane, 3)
        assert receipt.into == f"hub {HUB}.t"
        assert world.at_target("SELECT t::text FROM t ORDER BY id") == original, lane
        assert receipt.source_digest == receipt.target_digest
        digests.add(receipt.source_digest.split(":")[0])
        assert world.move(order) == receipt  # a second run finds it done
    assert digests == {"pgh1", "jc1", "count"}
    assert world.left_over() == []


def test_a_table_is_exchanged_with_everything_that_belongs_to_it(world: World) -> None:
    world.at_source("CREATE TABLE t (id int PRIMARY KEY, name text)", "INSERT INTO t VALUES (1, 'a'), (2, 'b')")
    world.at_target(
        "CREATE TABLE t (id int CONSTRAINT chunk_pkey PRIMARY KEY, name text UNIQUE, since date NOT NULL DEFAULT"
        " '2026-01-01', CONSTRAINT odd CHECK (id > 0))",
        "CREATE INDEX by_name ON t (lower(name)) WHERE id > 1", "COMMENT ON TABLE t IS '表'",
        "COMMENT ON COLUMN t.name IS '名'", "GRANT SELECT ON t TO PUBLIC", "INSERT INTO t VALUES (9, 'old')",
    )  # fmt: skip
    shape = (
        "SELECT obj_description('t'::regclass), col_description('t'::regclass, 2), relacl::text, reloptions::text,"
        " (SELECT array_agg(pg_get_indexdef(indexrelid) ORDER BY pg_get_indexdef(indexrelid)) FROM pg_index"
        "   WHERE indrelid = 't'::regclass)::text,"
        " (SELECT array_agg(conname || pg_get_constraintdef(oid) ORDER BY conname) FROM pg_constraint"
        "   WHERE conrelid = 't'::regclass)::text FROM pg_class WHERE oid = 't'::regclass"
    )
    before, oid = world.at_target(shape), world.at_target("SELECT 't'::regclass::oid")
    world.move(world.order("id", "name"))
    assert world.at_target("SELECT * FROM t ORDER BY 1") == world.at_target(
        "SELECT * FROM (VALUES (1, 'a', date '2026-01-01'), (2, 'b', '2026-01-01')) v ORDER BY 1"
    )
    assert world.at_target(shape) == before
    assert world.at_target("SELECT 't'::regclass::oid") != oid
    world.move(world.order("id", "name"))
    assert world.at_target(shape) == before
    assert world.left_over() == []


def test_rows_are_exchanged_where_something_hangs_on_the_table(world: World) -> None:
    world.at_source("CREATE TABLE t (id int PRIMARY KEY, name text)", "INSERT INTO t VALUES (1, 'a'), (2, 'b')")
    for hanging in (
        "CREATE VIEW v AS SELECT * FROM t",
        "CREATE TABLE child (id int REFERENCES t)",
        "ALTER TABLE t ENABLE ROW LEVEL SECURITY",
        "ALTER TABLE t ADD COLUMN n int GENERATED ALWAYS AS IDENTITY",
        "CREATE FUNCTION f(t) RETURNS int LANGUAGE sql AS 'SELECT 1'",
    ):
        world.at_target(
            'DROP SCHEMA "hub""%s" CASCADE', 'CREATE SCHEMA "hub""%s"',
            "CREATE TABLE t (id int PRIMARY KEY, name text)", "INSERT INTO t VALUES (9, 'old')", hanging,
        )  # fmt: skip
        oid = world.at_target("SELECT 't'::regclass::oid")
        world.move(world.order("id", "name"))
        assert world.at_target("SELECT id, name FROM t ORDER BY 1") == [(1, "a"), (2, "b")], hanging
        assert world.at_target("SELECT 't'::regclass::oid") == oid, hanging
    assert world.left_over() == []


def test_what_the_target_refuses_leaves_it_as_it_was(world: World) -> None:
    world.at_source("CREATE TABLE t (id int PRIMARY KEY, name text)", "INSERT INTO t VALUES (1, 'same'), (2, 'same')")
    for rules in ((), (NotNull(id="n", column="id"),)):
        for definition in ("id int, name text UNIQUE", "id int, name text CONSTRAINT odd CHECK (name <> 'same')"):
            world.at_target("DROP TABLE IF EXISTS t", f"CREATE TABLE t ({definition})", "INSERT INTO t VALUES (9, 'x')")
            with pytest.raises(TargetRefusedError) as caught:
                world.move(world.order("id", "name", rules=rules))
            assert "SQLSTATE 23" in str(caught.value)
            assert ("t_name_key" in str(caught.value)) or ("odd" in str(caught.value)), rules
            assert "same" not in str(caught.value)
            assert world.at_target("SELECT * FROM t") == [(9, "x")]
            assert world.left_over() == []


def test_what_can_never_fit_is_refused_before_the_first_row(world: World) -> None:
    world.at_source("CREATE TABLE t (id text, n bigint)", "INSERT INTO t VALUES ('12345678', 1)")
    world.at_target("CREATE TABLE t (id bigint, n text)", "INSERT INTO t VALUES (9, 'x')")
    with pytest.raises(TargetUnfitError) as caught:
        world.move(world.order("id", "n"))
    assert "id（text）→ id（bigint）；n（bigint）→ n（text）" in str(caught.value)
    with pytest.raises(TargetUnfitError):
        world.move(world.order("id", "n", table="gone"))
    forbidden = replace(world.into, writes=("public",))
    with pytest.raises(WriteForbiddenError):
        run_move(world.order("id", "n"), world.source, world.home, forbidden)
    assert world.at_target("SELECT * FROM t") == [(9, "x")]


def test_an_account_without_a_place_for_its_book_is_told_what_to_ask_for(
    world: World, registry_server: Postgres
) -> None:
    world.at_source("CREATE TABLE t (id int)")
    world.at_target("CREATE TABLE t (id int)")
    registry_server.ensure_role("into_guest", PASSWORD)
    world.at_target("GRANT CONNECT ON DATABASE into_hub TO into_guest")
    guest = replace(world.into, dsn=world.into.dsn.replace("into_hub_owner", "into_guest"))
    with pytest.raises(LedgerForbiddenError):
        run_move(world.order("id"), world.source, world.home, guest)


def test_rows_that_do_not_fit_are_set_aside_with_the_reason(world: World, tmp_path: Path) -> None:
    source = sqlite_source(
        tmp_path,
        "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, n INTEGER)",
        (
            "INSERT INTO t VALUES (?, ?, ?)",
            [(1, "good", 1), (2, "tolong", 1), (3, "a\0b", 1), (4, "ok", 40_000), (5, None, 1)],
        ),
    )  # fmt: skip
    world.at_target("CREATE TABLE t (id int, label varchar(4) NOT NULL, n smallint)")
    pairs = (("id", "id"), ("name", "label"), ("n", "n"))
    hub = {"name": "hub", "dialect": "postgresql", "organisation_code": ORGANISATION, "dsn": world.into.dsn}
    file = tmp_path / sources.FILE
    file.parent.mkdir()
    file.touch(0o600)
    file.write_text(json.dumps([{**hub, "writes": [HUB]}]), encoding="utf-8")
    order = order_for(source, "main", "t", "id", "name", "n").model_copy(
        update={"into": Landing(source="hub", schema_name=HUB, table="t", columns=pairs)}
    )
    receipt = run_move(order, source, tmp_path, world.into)
    assert (receipt.rows_read, receipt.rows_written, receipt.rows_quarantined) == (5, 1, 4)
    assert {rule.id: rule.rows for rule in receipt.rules} == {
        "into-2-length": 1, "into-2-nul": 1, "into-2-null": 1, "into-3-range": 1,
    }  # fmt: skip
    assert world.at_target("SELECT * FROM t") == [(1, "good", 1)]
    refused = quarantine.picked(tmp_path / "jobs" / order.job_id, 0, [2, 3, 4, 5])
    assert [(row.values["id"], row.findings[0].column) for row in refused] == [
        (2, "name"), (3, "name"), (4, "n"), (5, "name"),
    ]  # fmt: skip
    # Put right by a person they go into the same table, as one addition, and only while it is what the job made of it.
    folder = tmp_path / "jobs" / order.job_id
    with Repair(folder, order) as repair:
        right: dict[str, dict[str, str | None]] = {
            "0-2": {"name": "fine"},
            "0-3": {"name": "too long"},
            "0-4": {"n": "7"},
        }
        for name, changes in right.items():
            repair.fix(name, changes, "seen", utc_now())
        done = Replay(repair, tmp_path, source).run(utc_now())
        assert (done.written, done.still_wrong) == (2, (("0-3", "name", "length"),))
        assert Replay(repair, tmp_path, source).run(utc_now()).written == 0
        assert world.at_target("SELECT * FROM t ORDER BY 1") == [(1, "good", 1), (2, "fine", 1), (4, "ok", 7)]
        world.at_target("CREATE UNIQUE INDEX ON t (label)")
        repair.fix("0-3", {"name": "fine"}, "seen", utc_now())
        with pytest.raises(TargetRefusedError):
            Replay(repair, tmp_path, source).run(utc_now())
        repair.fix("0-3", {"name": "new"}, "seen", utc_now())
        assert Replay(repair, tmp_path, source).run(utc_now()).written == 1
    assert world.left_over() == []
    # A mask comes after the rules: what it makes too long ends the move instead.
    masked = order.model_copy(
        update={"job_id": world.order("id").job_id, "masks": (ColumnMask(column="name", mask="all"),)}
    )
    world.at_target("DELETE FROM t", "ALTER TABLE t ALTER label TYPE varchar(1)")
    with pytest.raises(TargetUnfitError):
        run_move(masked, source, tmp_path, world.into)


def chunked(world: World, **changes: Any) -> JobOrder:
    world.at_source(
        "DROP TABLE IF EXISTS t", "CREATE TABLE t (id int PRIMARY KEY, name text, uid uuid)",
        "INSERT INTO t SELECT g, md5(g::text), gen_random_uuid() FROM generate_series(1, 5000) g",
    )  # fmt: skip
    world.at_target("DROP TABLE IF EXISTS t", "CREATE TABLE t (id int PRIMARY KEY, name text, uid uuid)",
                    "INSERT INTO t VALUES (0, 'old')")  # fmt: skip
    return world.order("id", "name", "uid", chunk_rows=1000, **changes)


def test_a_held_move_goes_on_behind_its_last_chunk_and_readers_see_no_half(world: World) -> None:
    for rules, lane in (((), "raw"), ((NotNull(id="n", column="id"),), "checked")):
        order = chunked(world, rules=rules)

        def hold(so_far: SoFar) -> None:
            assert world.at_target("SELECT id FROM t") == [(0,)]
            if so_far.chunks_done == 3:
                raise Held

        with pytest.raises(Held):
            run_move(order, world.source, world.home, world.into, hold)
        assert world.at_target(f"SELECT count(*) FROM jutong_exchange.chunk WHERE job_id = '{order.job_id}'") == [(3,)]
        stamps = world.at_target("SELECT number, written_at FROM jutong_exchange.chunk ORDER BY number")
        receipt = world.move(order)
        assert (receipt.lane, receipt.chunks, receipt.snapshots, receipt.rows_written) == (lane, 5, 2, 5000)
        now = world.at_target("SELECT number, written_at FROM jutong_exchange.chunk ORDER BY number")
        assert (now[:3], len(now)) == (stamps, 5)
        assert world.at_target("SELECT count(*), count(DISTINCT id), min(id) FROM t") == [(5000, 5000, 1)]
        world.at_target("TRUNCATE jutong_exchange.job CASCADE")


def test_a_chunk_that_was_written_but_not_noted_here_is_not_written_again(world: World, tmp_path: Path) -> None:
    """As after a kill between the target's commit and our own file."""
    order = chunked(world)

    def hold(so_far: SoFar) -> None:
        if so_far.chunks_done == 3:
            raise Held

    with pytest.raises(Held):
        run_move(order, world.source, world.home, world.into, hold)
    folder = tmp_path / "jobs" / order.job_id
    ledger = chunks.load(folder)
    assert ledger is not None
    chunks.save(folder, ledger.model_copy(update={"done": ledger.done[:-1]}))
    receipt = world.move(order)
    assert (receipt.rows_read, receipt.rows_written) == (5000, 5000)
    assert world.at_target("SELECT count(*), count(DISTINCT id) FROM t") == [(5000, 5000)]


def test_a_process_whose_job_was_taken_up_by_another_commits_nothing(world: World) -> None:
    for rules in ((), (NotNull(id="n", column="id"),)):
        order = chunked(world, rules=rules)

        def taken_over(so_far: SoFar) -> None:
            if so_far.chunks_done == 2:
                world.at_target("UPDATE jutong_exchange.job SET holder = gen_random_uuid() WHERE state = 'filling'")

        with pytest.raises(TargetLostError):
            run_move(order, world.source, world.home, world.into, taken_over)
        assert world.at_target("SELECT id FROM t") == [(0,)]


def test_rows_that_vanish_from_the_staging_table_end_the_move(world: World) -> None:
    order = chunked(world)

    def lose(so_far: SoFar) -> None:
        if so_far.phase == "committing":
            world.at_target(f"DELETE FROM jutong_exchange.s_{order.job_id.replace('-', '')} WHERE id = 7")

    with pytest.raises(ContentDiffersError):
        run_move(order, world.source, world.home, world.into, lose)
    assert world.at_target("SELECT id FROM t") == [(0,)]
    assert world.left_over() == []
