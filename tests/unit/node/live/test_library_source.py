"""Tables of the library as a live source: looked up by key, within the department's own folder, newest version."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from jutong.contracts.modes import DELETED, TO
from jutong.contracts.orders import Condition
from jutong.kernel.errors import JutongError
from jutong.node.connectors import introspect
from jutong.node.connectors.errors import SourceUnreachableError, TableMissingError
from jutong.node.connectors.tables import opened
from jutong.node.live.library import LibrarySource
from jutong.node.live.source import PointQuery
from jutong.node.sources import SourceConfig

ROWS = pa.table(
    {
        "sfzh": ["330101", "330102", "330103"],
        "fs": pa.array([1, 2, 3], pa.int64()),
        "day": pa.array([dt.date(2026, 1, number) for number in (1, 2, 3)], pa.date32()),
        "note": pa.array([None, "x'; --", "y"], pa.string()),
    }
)


def place(library: Path, table: str = "person", organisation: str = "A1") -> Path:
    return library / "landed" / organisation / table


@pytest.fixture
def library(tmp_path: Path) -> Path:
    write_deltalake(str(place(tmp_path)), ROWS)
    write_deltalake(str(place(tmp_path, "other", "B1")), ROWS)
    return tmp_path


def config(library: Path) -> SourceConfig:
    return SourceConfig("own", "library", "A1", path=library)


@pytest.fixture
async def source(library: Path) -> AsyncIterator[LibrarySource]:
    made = LibrarySource(config(library))
    yield made
    await made.close()


def query(**changes: Any) -> PointQuery:
    given: dict[str, Any] = {
        "schema": "landed", "table": "person", "columns": ("note", "fs"), "lookup": ("sfzh",), "conditions": (),
        "limit": 5, **changes,
    }  # fmt: skip
    return PointQuery(**given)


async def test_rows_by_key_and_only_within_the_predicate(source: LibrarySource) -> None:
    assert await source.fetch(query(), ("330102",)) == [("x'; --", 2)]
    assert await source.fetch(query(), ("33010",)) == []
    assert await source.fetch(query(), (None,)) == []
    assert await source.fetch(query(lookup=("note",)), ("x'; --",)) == [("x'; --", 2)]
    assert await source.fetch(query(lookup=("fs",), columns=("sfzh",)), ("3",)) == [("330103",)]
    assert await source.fetch(query(lookup=("day",), columns=("sfzh",)), ("2026-01-03",)) == [("330103",)]
    cases: tuple[tuple[Any, str, tuple[str, ...], int], ...] = (
        ("eq", "sfzh", ("330102",), 1), ("in", "fs", ("1", "2"), 1), ("prefix", "sfzh", ("3302", "3301"), 1),
        ("ge", "fs", ("3",), 0), ("le", "day", ("2026-01-02",), 1), ("prefix", "sfzh", ("44",), 0), ("eq", "fs", (), 0),
    )  # fmt: skip
    for operator, column, values, expected in cases:
        condition = Condition(column=column, operator=operator, values=values)
        assert len(await source.fetch(query(conditions=(condition,)), ("330102",))) == expected, condition


async def test_the_newest_version_is_read(source: LibrarySource, library: Path) -> None:
    assert await source.fetch(query(), ("440101",)) == []
    write_deltalake(str(place(library)), ROWS.set_column(0, "sfzh", [["440101", "b", "c"]]), mode="append")
    assert await source.fetch(query(), ("440101",)) == [(None, 1)]
    assert (await source.probe("landed", "person")).row_estimate == 6


@pytest.mark.parametrize(
    ("changes", "key", "code"),
    [
        ({"table": "none"}, "1", "node.source.changed"),
        ({"table": "../B1/other"}, "1", "node.source.changed"),
        ({"schema": "secret"}, "1", "node.source.changed"),
        ({"table": "other"}, "1", "node.source.changed"),
        ({"columns": ("salary",)}, "1", "node.source.changed"),
        ({"lookup": ("fs",)}, "one", "node.call.key-unfit"),
        ({"lookup": ("day",)}, "2026-13-01", "node.call.key-unfit"),
        ({"conditions": (Condition(column="fs", operator="prefix", values=("1",)),)}, "1", "node.source.changed"),
        ({"conditions": (Condition(column="fs", operator="eq", values=("x",)),)}, "1", "node.source.changed"),
        ({"conditions": (Condition(column="fs", operator="ge", values=("1", "2")),)}, "1", "node.source.changed"),
    ],
)
async def test_what_does_not_fit_is_named(source: LibrarySource, changes: dict[str, Any], key: str, code: str) -> None:
    with pytest.raises(JutongError) as caught:
        await source.fetch(query(**changes), (key,))
    assert caught.value.code == code


async def test_a_damaged_table_is_unavailable(source: LibrarySource, library: Path) -> None:
    for file in place(library).glob("*.parquet"):
        file.write_bytes(b"nothing")
    with pytest.raises(JutongError, match=r"node\.source\.(unavailable)"):
        await source.fetch(query(), ("330102",))


async def test_a_slow_read_is_not_waited_for(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = LibrarySource(config(library), seconds=0.05)
    held = threading.Event()
    monkeypatch.setattr(source, "_open", lambda *_: held.wait(20))
    with pytest.raises(JutongError, match=r"node\.source\.slow"):
        await source.fetch(query(), ("330102",))
    held.set()
    await source.close()


def test_the_inventory_lists_the_departments_own_tables(library: Path) -> None:
    (table,) = introspect.inventory(config(library))
    assert (table.schema_name, table.name, table.row_estimate) == ("landed", "person", 3)
    assert [column.name for column in table.columns] == ["sfzh", "fs", "day", "note"]
    (place(library, "broken") / "_delta_log").mkdir(parents=True)
    assert [one.name for one in introspect.inventory(config(library))] == ["broken", "person"]
    with pytest.raises(SourceUnreachableError):
        introspect.inventory(config(library / "nowhere"))


def test_a_close_look(library: Path) -> None:
    with opened(config(library), "landed", "person") as table:
        assert (table.estimate, table.count(10), table.count(2)) == (3, 3, -1)
        assert table.newest("day") == dt.date(2026, 1, 3)
        assert table.sample(1) == [[("330101", 6), ("1", 1), ("2026-01-01", 10), (None, 0)]]
    for schema, name in (("landed", "none"), ("../landed", "person")):
        with pytest.raises(TableMissingError), opened(config(library), schema, name):
            pass


async def test_a_row_that_has_ended_is_not_served(source: LibrarySource, library: Path) -> None:
    moment = pa.timestamp("us", "UTC")
    ended = ROWS.append_column(TO, pa.array([1, None, None], moment)).append_column(
        DELETED, pa.array([None, None, 1], moment)
    )
    write_deltalake(str(place(library)), ended, mode="overwrite", schema_mode="overwrite")
    found = [await source.fetch(query(), (key,)) for key in ("330101", "330102", "330103")]
    assert found == [[], [("x'; --", 2)], []]
