"""Every shipped job on both engines: what is compared elsewhere is named here, the rest is compared here."""

from __future__ import annotations

import importlib.util
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pyarrow as pa

from jutong.contracts.engines import TryEngineOrder
from jutong.contracts.library import Feed, FieldDefinition, TableDefinition
from jutong.contracts.statistics import Measure, StatFilter
from jutong.library import definitions
from jutong.library.engine import DUCKDB, Engine, trial
from jutong.library.standardise.compiled import compiled
from jutong.library.statistics.compute import TABLE, Former, compute
from jutong.library.works import Place
from jutong.node.works import KINDS
from jutong.standards import elements
from tests import engines
from tests.unit.library.test_statistics import SCHEMA, by, people, query

COMPARED = {
    "check": "tests.unit.library.quality.test_counts:test_a_cluster_counts_the_same",
    "derive": "tests.unit.library.derive.test_deriving:test_both_engines_fuse_and_derive_alike",
    "fuse": "tests.unit.library.derive.test_deriving:test_both_engines_fuse_and_derive_alike",
    "linkage": "tests.unit.library.linkage.test_linkage_run:test_both_engines_find_the_same",
    "standardise": "tests.unit.library.standardise.test_standardising:test_both_engines_standardise_alike",
    "statistics": f"{__name__}:test_statistics_count_alike",
    "try-engine": f"{__name__}:test_a_trial_ends_alike",
}
"""Where each job's statements run on both engines. ``linkage`` and ``statistics`` are no works of their own."""

NO_SQL = {"care", "conflicts", "serve"}
"""Works that only read rows as they stand, or copy files: they say nothing an engine could understand otherwise."""

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
