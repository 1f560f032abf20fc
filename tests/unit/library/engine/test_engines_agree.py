"""Every shipped job on both engines: what is compared elsewhere is named here, the rest is compared here."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from jutong.contracts.copies import ServeOrder
from jutong.contracts.engines import TryEngineOrder
from jutong.contracts.library import Feed, FieldDefinition, TableDefinition
from jutong.contracts.statistics import Measure, StatFilter
from jutong.library import definitions
from jutong.library.digest import ContentDigest
from jutong.library.engine import DUCKDB, Engine, trial
from jutong.library.engine.delta import files_of
from jutong.library.standardise.compiled import compiled
from jutong.library.statistics.compute import TABLE, Former, compute
from jutong.library.tables import table_path
from jutong.library.works import Place
from jutong.node.copies import work as copying
from jutong.node.copies.postgres import Copied, Held
from jutong.node.fused.reading import Cause, reading
from jutong.node.works import KINDS
from jutong.standards import elements
from tests import engines
from tests.unit.library.fusion.registers import City, small
from tests.unit.library.test_statistics import SCHEMA, by, people, query

COMPARED = {
    "conflicts": f"{__name__}:test_conflicts_and_records_are_read_alike",
    "check": "tests.unit.library.quality.test_counts:test_a_cluster_counts_the_same",
    "derive": "tests.unit.library.derive.test_deriving:test_both_engines_fuse_and_derive_alike",
    "fuse": "tests.unit.library.derive.test_deriving:test_both_engines_fuse_and_derive_alike",
    "linkage": "tests.unit.library.linkage.test_linkage_run:test_both_engines_find_the_same",
    "serve": f"{__name__}:test_a_copy_is_brought_the_same_rows",
    "standardise": "tests.unit.library.standardise.test_standardising:test_both_engines_standardise_alike",
    "statistics": f"{__name__}:test_statistics_count_alike",
    "try-engine": f"{__name__}:test_a_trial_ends_alike",
}
"""Where each job's statements run on both engines. ``linkage`` and ``statistics`` are no works of their own."""

NO_SQL = {"care"}
"""Copies, folds and removes files without an engine."""

VALUES = [
    "1",
    "男",
    "2024年2月9日",
    "11010519491231002X",
    "91350100M000100Y43",
    "ＡＢ　c",
    "620102",
    "1.50",
    "01",
    None,
]


def test_every_kind_of_work_is_compared():
    assert set(KINDS) - NO_SQL == set(COMPARED) - {"linkage", "statistics"}
    for place in COMPARED.values():
        module, _, name = place.partition(":")
        spec = importlib.util.find_spec(module)
        assert spec is not None
        assert spec.origin is not None
        assert f"\ndef {name}(" in Path(spec.origin).read_text(encoding="utf-8"), place


def test_a_trial_ends_alike(tmp_path: Path) -> None:
    found = []
    for address in (DUCKDB, engines.spark_address()):
        scratch = tmp_path / address[:2]
        opened = partial(engines.engine, address, scratch)
        place = Place(tmp_path, tmp_path, scratch, "trial", datetime(2026, 1, 1, tzinfo=UTC), opened)
        found.append(trial.run(TryEngineOrder(), place, lambda *_: None))
    assert [one.engine for one in found] == ["duckdb", "spark"]
    assert found[0].digest == found[1].digest
    assert found[0].rows == 100


@dataclass
class Collected:
    """Takes the place of a copy in a database, and keeps what it is brought."""

    order: ServeOrder
    came: list[dict[str, Any]] = field(default_factory=list)
    gone: list[dict[str, Any]] = field(default_factory=list)
    before: str = ""

    def stage(self, schema: pa.Schema) -> None:
        """Nothing is to be prepared."""

    def fill(self, rows: Iterable[pa.RecordBatch], count: int, tell: object) -> int:
        self.came = sorted((row for batch in rows for row in batch.to_pylist()), key=repr)
        assert len(self.came) == count
        return count

    def merge(self, sent: int, gone: Iterable[pa.RecordBatch], before: ContentDigest, held: Held, total: int) -> Copied:
        self.gone = sorted((row for batch in gone for row in batch.to_pylist()), key=repr)
        self.before = before.text()
        return Copied(total, "", sent, 0, len(self.gone))


def test_a_copy_is_brought_the_same_rows(tmp_path: Path) -> None:
    order = ServeOrder(library="RK", table="t", source="db", target="t", keys=("k", "part"))
    path = table_path(tmp_path, "fused", "RK", "t")
    with engines.engine(DUCKDB, tmp_path / "made") as engine:
        rows = pa.table({"k": list("abcd"), "part": [1, 1, 2, 2], "v": ["x", None, "y", "z"]})
        engine.attach_rows("rows_of_it", rows)
        engine.write("SELECT * FROM rows_of_it", path, commit={})
        changed = "SELECT k, part, CASE WHEN k = 'b' THEN 'now' ELSE v END AS v FROM rows_of_it WHERE k <> 'd'"
        engine.write(f"{changed} UNION ALL SELECT 'e', 3, NULL", path, commit={})
    held = Held("former", 0, 4, "", "", {})
    found = []
    for address in (DUCKDB, engines.spark_address()):
        copy, opened = Collected(order), partial(engines.engine, address, tmp_path / address[:2])
        place = Place(tmp_path, tmp_path, tmp_path, "serve", datetime(2026, 1, 1, tzinfo=UTC), opened)
        copied, full = copying._changes(copy, held, files_of(path), place, lambda *_: None)  # type: ignore[arg-type]
        assert (copied.rows, full) == (4, False)
        found.append((copy.came, copy.gone, copy.before))
    assert found[0] == found[1]
    assert [row["k"] for row in found[0][0]] == ["b", "e"]
    assert found[0][1] == [{"k": "d", "part": 2}]


def test_conflicts_and_records_are_read_alike(tmp_path: Path) -> None:
    city = City(tmp_path)
    small(city)
    city.fuse()

    def read(engine: Engine) -> object:
        with reading(tmp_path, "RK", city.table, city.feeds, engine) as fusion:
            conflicts = fusion.open_conflicts(Cause())
            ids = [one.conflict_id for one in conflicts]
            entities = [fusion.entity(one.entity_id) for one in conflicts]
            return (
                conflicts, entities, fusion.causes(), fusion.count_open(Cause(field="marital")), fusion.standing(ids),
                fusion.waiting(), fusion.next_pair(), fusion.find("name", "李娜"), fusion.record("civil", "c1"),
            )  # fmt: skip

    with (
        engines.engine(DUCKDB, tmp_path / "a") as ours,
        engines.engine(engines.spark_address(), tmp_path / "b") as theirs,
    ):
        found = read(ours)
        assert found == read(theirs)
    assert found[3] == 1  # type: ignore[index]


def test_statistics_count_alike(tmp_path: Path) -> None:
    measures = (Measure(kind="count"), Measure(kind="sum", field="income"), Measure(kind="average", field="age"))
    asked = query(by("sex"), by("division", "county"), measures=measures)
    formers = (Former((StatFilter(field="sex", operator="eq", values=("1",)),), same_cells=True),)

    def cells(engine: Engine) -> object:
        engine.attach_rows(TABLE, people())
        counted = compute(engine, asked, SCHEMA, formers, 50)
        return sorted(counted.cells, key=lambda cell: cell.keys), counted.total, counted.near

    with engines.engine(DUCKDB, tmp_path) as ours, engines.engine(engines.spark_address(), tmp_path) as theirs:
        found = cells(ours)
        assert found == cells(theirs)


def test_every_form_and_code_table_of_shipped_fields_is_standardised_alike(tmp_path: Path) -> None:
    patterns = {one.code: one.pattern for one in elements.shipped()}
    fields = {
        (patterns[one.element], one.codes): one
        for library in definitions.shipped()
        for table in library.tables
        for one in table.fields
        if one.type == "text" and (patterns[one.element] or one.codes)
    }
    assert len(fields) > 20
    named: list[FieldDefinition] = [
        one.model_copy(update={"name": f"f{number}"}) for number, one in enumerate(fields.values())
    ]
    table = TableDefinition(name="t", title="", kind="record", keys=("f0",), owner="x", fields=tuple(named))
    feed = Feed(
        name="f", organisation_code="X", organisation_name="", role="", landed="l", library="RK", table="t", key="id",
        columns=tuple((one.name, "v") for one in named),
    )  # fmt: skip
    rows = pa.table({"id": [str(n) for n in range(len(VALUES))], "v": pa.array(VALUES, pa.string())})
    made = compiled(table, feed, rows.schema)

    def standardised(engine: Engine) -> list[tuple[object, ...]]:
        engine.attach_rows("landed", rows)
        for name, codes in made.codes.items():
            engine.attach_rows(name, codes)
        return sorted(engine.rows(made.select("landed")))

    with engines.engine(DUCKDB, tmp_path) as ours, engines.engine(engines.spark_address(), tmp_path) as theirs:
        found = standardised(ours)
        assert found == standardised(theirs)
    assert all(row[2] for row in found if row[0] != str(len(VALUES) - 1))
