"""Jobs that meet the rows a PostgreSQL table has: merged by key, appended behind a watermark, taken out when gone."""

from __future__ import annotations

from typing import Any

import pytest

from jutong.contracts.modes import AppendMode, DifferenceMode, MergeMode, Mode, ReplaceMode
from jutong.contracts.receipts import MovedReceipt
from jutong.kernel.errors import JutongError
from jutong.library.errors import KeyMissingError, KeyRepeatedError, KeyUnfitError
from jutong.node.exchange.errors import ContentDiffersError, OrderUnfitError
from jutong.node.exchange.modes.errors import WatermarkLateError, WatermarkMissingError
from tests.integration.node.test_exchange_into_postgresql import World, world

__all__ = ("world",)
TABLE = "CREATE TABLE t (id bigint, part text, name text, doc json, at timestamptz, PRIMARY KEY (id, part))"
HUB = "CREATE TABLE t (id bigint, part text, name text, doc json, at timestamptz, own text DEFAULT 'ours')"
ROWS = """INSERT INTO t VALUES (1, 'a', 'x', '{"k": 1}', '2026-11-01 08:00+08'),
          (1, 'b', NULL, NULL, '2026-11-02 08:00+08'), (2, 'a', 'z', '[]', '2026-11-02 08:00+08')"""
KEYS, COLUMNS = ("id", "part"), ("id", "part", "name", "doc", "at")


def told(receipt: MovedReceipt) -> tuple[int, ...]:
    assert receipt.rows_written == receipt.rows_inserted + receipt.rows_updated + receipt.rows_unchanged
    return (receipt.rows_inserted, receipt.rows_updated, receipt.rows_deleted, receipt.rows_unchanged)


def move(world: World, mode: Mode, *columns: str) -> Any:
    return told(world.move(world.order(*(columns or COLUMNS), mode=mode)))


def hub(world: World) -> list[tuple[Any, ...]]:
    return world.at_target("SELECT id, part, name, doc::text, own FROM t ORDER BY id, part")


def test_rows_are_added_changed_and_taken_out_by_key(world: World) -> None:
    world.at_source(TABLE, ROWS)
    world.at_target(
        HUB, "INSERT INTO t VALUES (1, 'a', 'old', NULL, NULL, 'kept'), (9, 'z', 'theirs', NULL, NULL, 'kept')"
    )
    assert move(world, MergeMode(keys=KEYS)) == (2, 1, 0, 0)
    assert hub(world) == [(1, "a", "x", '{"k": 1}', "kept"), (1, "b", None, None, "ours"), (2, "a", "z", "[]", "ours"),
                          (9, "z", "theirs", None, "kept")]  # fmt: skip
    world.at_source("UPDATE t SET name = 'y' WHERE part = 'b'", "DELETE FROM t WHERE id = 2")
    assert move(world, DifferenceMode(keys=KEYS)) == (0, 1, 2, 1)
    assert [row[:3] for row in hub(world)] == [(1, "a", "x"), (1, "b", "y")]
    assert move(world, DifferenceMode(keys=KEYS, deletes="kept")) == (0, 0, 0, 2)
    assert move(world, ReplaceMode()) == (2, 0, 0, 0)
    assert world.left_over() == []


def test_what_cannot_be_brought_in_leaves_everything_as_it_was(world: World) -> None:
    world.at_source(TABLE, ROWS)
    world.at_target(HUB, "INSERT INTO t (id) VALUES (7)")
    cases: list[tuple[Mode, type[JutongError]]] = [
        (MergeMode(keys=("id",)), KeyRepeatedError), (MergeMode(keys=("name",)), KeyMissingError),
        (MergeMode(keys=("doc",)), KeyUnfitError), (MergeMode(keys=("own",)), KeyUnfitError),
        (MergeMode(keys=KEYS, history=True), OrderUnfitError),
        (DifferenceMode(keys=KEYS, deletes="soft"), OrderUnfitError),
    ]  # fmt: skip
    for mode, error in cases:
        with pytest.raises(error):
            move(world, mode)
    world.at_target(
        "CREATE FUNCTION jinx() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.name := 'jinxed'; RETURN NEW; END $$",
        "CREATE TRIGGER jinx BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION jinx()",
    )
    with pytest.raises(ContentDiffersError):
        move(world, MergeMode(keys=KEYS))
    assert [row[0] for row in hub(world)] == [7]
    assert world.left_over() == []


def test_a_watermark_is_read_in_the_database_and_kept_in_the_target(world: World) -> None:
    world.at_source(TABLE, ROWS)
    world.at_target(HUB)
    by_time, by_id = MergeMode(keys=KEYS, watermark="at", overlap=60), AppendMode(watermark="id")
    first = world.move(world.order(*COLUMNS, mode=by_time))
    assert (told(first), first.position[:19]) == ((3, 0, 0, 0), "2026-11-02 00:00:00")
    world.at_source("INSERT INTO t VALUES (3, 'a', 'late', NULL, '2026-11-02 07:59:30+08')",
                    "INSERT INTO t VALUES (4, 'a', 'too late', NULL, '2026-11-01 23:00+08')")  # fmt: skip
    assert move(world, by_time) == (1, 0, 0, 2)
    assert [row[0] for row in hub(world)] == [1, 1, 2, 3]
    world.at_target("TRUNCATE t")
    assert move(world, by_id, "id", "part") == (5, 0, 0, 0)
    world.at_source("INSERT INTO t VALUES (5, 'a', 'n', NULL, NULL)")
    assert move(world, by_id, "id", "part") == (1, 0, 0, 0)
    world.at_source("INSERT INTO t VALUES (5, 'b', 'n', NULL, NULL)")
    for mode, error in ((by_id, WatermarkLateError), (by_time, WatermarkMissingError)):
        with pytest.raises(error):
            move(world, mode)
