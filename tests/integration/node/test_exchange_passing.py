"""The lane that lets bytes pass does what the one that reads every column does: the same rows, refused for the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import asyncpg
import psycopg
import pyarrow as pa
import pytest

from jutong.contracts import rules as given
from jutong.contracts import steps
from jutong.contracts.orders import JobOrder
from jutong.contracts.rules import ColumnMask
from jutong.node.exchange import quarantine
from jutong.node.exchange.errors import ValueUnfitError
from jutong.node.exchange.lanes import passing
from jutong.node.exchange.lanes.checked import Checked
from jutong.node.exchange.lanes.passing import Passing
from jutong.node.exchange.targets.errors import TargetLostError, TargetRefusedError
from jutong.node.exchange.targets.pgwrite import Writer
from jutong.node.exchange.targets.postgresql import PostgresTarget
from tests.integration.node.test_exchange_into_postgresql import World, world

__all__ = ["world"]

TABLE = """
CREATE TABLE t (
    id bigint PRIMARY KEY, small smallint, whole integer NOT NULL, ok boolean, single real, big double precision,
    name varchar(50), note text, padded char(6), money numeric(12, 2), odd numeric(9, 5), born date, seen timestamp,
    at timestamptz, uid uuid, doc jsonb, plain json, photo bytea)
"""
COLUMNS = ("id", "small", "whole", "ok", "single", "big", "name", "note", "padded", "money", "odd", "born", "seen",
           "at", "uid", "doc", "plain", "photo")  # fmt: skip
FILL = """
INSERT INTO t SELECT g, nullif(g % 50, 7) - 25, g, nullif(g % 3, 2) = 1, g / 7.0, nullif(g % 10, 3) * 1e200,
       nullif(repeat('䶮', g % 40), ''), repeat(chr(19968 + g), g % 300) || E'\\t\\\\N', left(g::text, g % 7),
       nullif(g % 11, 5) * -1000000.01 * g % 9999999999, 10000.00001 - g * 3, date '0044-03-15 BC' + g * 397,
       nullif(timestamp '1970-01-01' + g * interval '13 days 1 us', '1970-01-14 00:00:00.000001'),
       '2026-01-01 08:00:00.000001+08', nullif(md5(g::text)::uuid, md5('9')::uuid), jsonb_build_object('n', g),
       '{"a":  1}', decode(repeat('00ff', g % 90), 'hex')
  FROM generate_series(1, 2_500) g
"""
RULES = (
    given.Length(id="long", column="note", most=250),
    given.Between(id="least", column="money", least="-9000000000", most="9000000000"),
    given.NotNull(id="named", column="name"),
    given.OneOf(id="out", column="padded", values=("", "3"), action="warn"),
    given.Between(id="scope", column="small", least="-20", most="100", action="skip"),
    given.Compare(id="later", column="born", operator="le", other="born"),
)
MASKS = (ColumnMask(column="name", mask="name"), ColumnMask(column="note", mask="all"))
STEPS = (
    steps.Standardise(id="note", column="note"),
    steps.Translate(id="code", column="padded", pairs=(("3", "III"), ("25", "XXV")), otherwise="keep"),
    steps.Drop(id="less", column="name"),
    steps.Concat(id="name", columns=("padded", "note"), into="name", nulls="skip"),
)


def noted(taken: list[type], way: Callable[..., Any]) -> Callable[..., Any]:
    """Return the same, with a note of whose it is at every call."""

    def call(self: Any, *args: Any) -> Any:
        taken.append(type(self))
        return way(self, *args)

    return call


def both(world: World, monkeypatch: pytest.MonkeyPatch, **changes: Any) -> list[tuple[Any, ...]]:
    """Move by one lane and by the other; return what is to be the same."""
    taken: list[type] = []
    monkeypatch.setattr(Passing, "chunk", noted(taken, Passing.chunk))
    monkeypatch.setattr(Checked, "chunk", noted(taken, Checked.chunk))
    found = []
    for lane in (Passing, Checked):
        if lane is Checked:
            monkeypatch.setattr(passing, "passing_lane", lambda *_: None)
        taken.clear()
        world.at_target("DELETE FROM t")
        order = world.order(*COLUMNS, proof="count", chunk_rows=1_000, **changes)
        receipt = world.move(order)
        assert set(taken) == {lane}
        told = receipt.model_dump(exclude={"job_id", "started_ms", "finished_ms"})
        landed = world.at_target("SELECT t::text FROM t ORDER BY id")
        found.append((told, landed, refused(world, order)))
    return found


def refused(world: World, order: JobOrder) -> list[pa.Table]:
    """Return the refused rows of every chunk, and what was found, as they lie there."""
    folder = world.home / "jobs" / order.job_id
    reads = (quarantine.rows_of, quarantine.findings_of)
    return [read(folder, chunk) for chunk in quarantine.chunks_of(folder) for read in reads]


@pytest.mark.parametrize("asks", [
    {"rules": RULES[:2]}, {"rules": RULES, "masks": MASKS}, {"rules": RULES[:3], "masks": MASKS[1:], "steps": STEPS},
])  # fmt: skip
def test_both_lanes_do_the_same(world: World, monkeypatch: pytest.MonkeyPatch, asks: dict[str, Any]) -> None:
    world.at_source(TABLE, FILL)
    world.at_target(TABLE)
    passed, checked = both(world, monkeypatch, **asks)
    assert passed == checked
    told, landed, kept = passed
    aside = sum(rows.num_rows for rows in kept[::2])
    assert told["rows_read"] == 2_500 == len(landed) + aside + told.get("rows_skipped", 0)
    assert aside > 100
    assert told["chunks_done"] == 2
    assert world.left_over() == []


def test_what_has_no_form_passes_where_nothing_asks_and_ends_the_job_where_something_does(world: World) -> None:
    world.at_source("CREATE TABLE t (id bigint PRIMARY KEY, born date, pay numeric(9, 2))",
                    "INSERT INTO t VALUES (1, 'infinity', 'NaN'), (2, '-infinity', 1)")  # fmt: skip
    world.at_target("CREATE TABLE t (id bigint PRIMARY KEY, born date, pay numeric(9, 2))")
    rule = given.NotNull(id="id", column="id")
    world.move(world.order("id", "born", "pay", proof="count", rules=(rule,)))
    assert world.at_target("SELECT born::text, pay::text FROM t ORDER BY id") == [
        ("infinity", "NaN"),
        ("-infinity", "1.00"),
    ]
    for column in ("born", "pay"):
        asked = given.NotNull(id="x", column=column)
        order = world.order("id", "born", "pay", proof="count", rules=(asked,))
        with pytest.raises(ValueUnfitError) as caught:
            world.move(order)
        assert caught.value.fields["column"] == column
    assert world.left_over() == []


def test_rows_written_column_by_column_are_what_the_server_takes_them_for(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = """CREATE TABLE t (id bigint PRIMARY KEY, a numeric(12, 2), b numeric(18, 18), c numeric(18, 0),
        d numeric(9, 5), e numeric(3, 3), f boolean, g real, h date, i timestamptz, j text, k varchar(5), m char(4),
        n bytea)"""
    columns = ("id", "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "m", "n")
    world.at_source(
        table,
        "INSERT INTO t SELECT g, nullif(power(-10, g % 10), 10), 0.1 / power(10, g % 18), power(-10, g % 18), g / 7.0,"
        " (g % 1000) / 1000.0, g % 2 = 0, g / 3.0, date '1970-01-01' - g * 300, now() - g * interval '1 h 1 us',"
        " nullif(repeat('䶮', g % 70), ''), g::text, left('ab c', g % 5), decode(repeat('0a', g % 9), 'hex')"
        " FROM generate_series(1, 3_000) g",
    )
    world.at_target(table)
    monkeypatch.setattr(passing, "passing_lane", lambda *_: None)
    begun: list[type] = []
    monkeypatch.setattr(Writer, "begin", noted(begun, Writer.begin))
    rule = given.Between(id="far", column="id", least="10")
    receipt = world.move(world.order(*columns, proof="count", rules=(rule,), chunk_rows=1_000))
    assert (receipt.rows_written, receipt.rows_quarantined, len(begun)) == (2_991, 9, 3)
    with psycopg.connect(world.source.dsn) as connection:
        original = connection.execute("SELECT t::text FROM t WHERE id >= 10 ORDER BY id").fetchall()
    assert world.at_target("SELECT t::text FROM t ORDER BY id") == original
    refused = world.order(*columns, proof="count", rules=(rule,))
    world.at_target("DELETE FROM t", "ALTER TABLE t ADD CONSTRAINT never CHECK (id < 2_000)")
    with pytest.raises(TargetRefusedError, match="23514"):
        world.move(refused)
    assert world.left_over() == []


def test_a_connection_that_ends_between_two_states_of_its_driver_is_a_lost_target(world: World) -> None:
    order = world.order("id")
    assert order.into is not None
    target = PostgresTarget(order, order.into, world.into)
    with pytest.raises(TargetLostError), target.named_problems():
        raise asyncpg.InternalClientError("cannot switch to state")
