"""Three small registers of people, standardised, and a fusion of them, for tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
from deltalake import DeltaTable

from jutong.contracts.fusion import FuseOrder, FuseResult, FusionSpec, StateRule, SurvivorshipRule
from jutong.contracts.library import Feed, FieldDefinition, TableDefinition
from jutong.library.engine import DUCKDB, EngineSetting, open_engine
from jutong.library.fusion.manifest import Fused
from jutong.library.fusion.work import run
from jutong.library.tables import table_path
from jutong.library.works import Place

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
POLICE, CIVIL, SOCIAL = "11620100MB0001X", "11620100MB0002W", "11620100MB0003U"
TYPES: Mapping[str, pa.DataType] = {"text": pa.string(), "date": pa.date32()}

OWN: tuple[pa.Field[Any], ...] = (
    pa.field("_key", pa.string()),
    pa.field("_changed", pa.timestamp("us", tz="UTC")),
    pa.field("_problems", pa.string()),
)
"""The columns every standardised table begins with."""

TABLE = TableDefinition(
    name="person", title="人口", kind="entity", entity="person", keys=("id_number",), owner="police",
    fields=(
        FieldDefinition(name="id_number", title="公民身份号码", source="police"),
        FieldDefinition(name="name", title="姓名", source="police"),
        FieldDefinition(name="marital", title="婚姻状况", source="civil"),
        FieldDefinition(name="phone", title="电话"),
        FieldDefinition(name="died", title="死亡日期", type="date", source="police"),
    ),
)  # fmt: skip
SPEC = FusionSpec(
    version="1", effective_from="2026-01-01",
    rules=(SurvivorshipRule(), SurvivorshipRule(field="phone", order=("fresh", "agreement"), differs=False)),
    states=(StateRule(state="deceased", field="died"),), identity=("id_number",),
)  # fmt: skip


def feed(name: str, code: str, role: str, *fields: str) -> Feed:
    return Feed(
        name=name, organisation_code=code, organisation_name=name, role=role, landed=name, library="RK", table="person",
        key="k", columns=tuple((one, one) for one in fields),
    )  # fmt: skip


FEEDS = (
    feed("police", POLICE, "police", "id_number", "name", "marital", "died"),
    feed("civil", CIVIL, "civil", "id_number", "name", "marital", "phone"),
    feed("social", SOCIAL, "social", "id_number", "name", "phone"),
)


def day(number: int) -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=number)


@dataclass
class City:
    """A library in a folder, and works on it."""

    folder: Path
    address: str = DUCKDB
    works: int = 0
    feeds: Sequence[Feed] = FEEDS
    table: TableDefinition = TABLE
    spec: FusionSpec = SPEC
    linkage: dict[str, Any] = field(default_factory=dict)

    @property
    def library(self) -> Path:
        return self.folder / "library"

    @property
    def fused(self) -> Fused:
        return Fused(self.library, "RK", self.table.name)

    def engine(self) -> Any:
        return open_engine(EngineSetting(self.address, 256), self.folder / "scratch")

    def place(self) -> Place:
        self.works += 1
        return Place(
            self.folder, self.library, self.folder / "scratch", f"work-{self.works}",
            NOW + timedelta(hours=self.works), self.engine,
        )  # fmt: skip

    def put(self, name: str, rows: Mapping[str, tuple[Any, ...]], *, merge: bool = False) -> None:
        """Standardise: each row is its key, the day it was changed, and the feed's fields in order."""
        one = next(one for one in self.feeds if one.name == name)
        kinds = {row.name: TYPES[row.type] for row in self.table.fields}
        columns = [column for column, _ in one.columns]
        schema = pa.schema([*OWN, *(pa.field(column, kinds[column]) for column in columns)])
        table = pa.Table.from_pylist(
            [
                {"_key": key, "_changed": when and day(when), "_problems": "", **dict(zip(columns, said, strict=True))}
                for key, (when, *said) in rows.items()
            ],
            schema,
        )
        with self.engine() as engine:
            engine.attach_rows("arriving", table)
            engine.write(
                "SELECT * FROM arriving", table_path(self.library, "standardised", one.organisation_code, name),
                keys=("_key",) if merge else (), commit={"work_id": f"standardise-{name}"},
            )  # fmt: skip

    def fuse(
        self, *, mode: Literal["changes", "full"] = "changes", place: Place | None = None, **others: Any
    ) -> FuseResult:
        order = FuseOrder(
            library="RK", table=self.table, feeds=tuple(self.feeds), spec=self.spec, mode=mode, linkage=self.linkage,
            **others,
        )  # fmt: skip
        return run(order, place or self.place(), _silent)

    def rows(self, beside: str = "") -> list[dict[str, Any]]:
        path = self.fused.beside(beside) if beside else self.fused.path
        return sorted(pa.table(DeltaTable(str(path)).to_pyarrow_table()).to_pylist(), key=repr)

    def golden(self) -> dict[str, dict[str, Any]]:
        return {row["id_number"] or row["name"]: row for row in self.rows()}


def _silent(phase: str, done: int, total: int) -> None:
    """Nobody listens."""


def small(city: City) -> None:
    """Wang and Li, whose marital status the police have otherwise; Zhao, in one register only."""
    city.put(
        "police",
        {
            "p1": (10, "A", "王伟", "10", None),
            "p2": (10, "B", "李娜", "20", None),
            "p3": (5, "C", "赵四", None, date(2026, 1, 2)),
        },
    )
    city.put("civil", {"c1": (200, "A", "王伟", "20", "139"), "c2": (200, "B", "李娜", "20", None)})
    city.put("social", {"s1": (300, "A", "王 伟", "138"), "s2": (20, "B", "李娜", "137")})
