"""Tables that grow out of others: the shipped rules hold, on small registers and on both engines."""

from __future__ import annotations

import secrets
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from jutong.contracts.derive import DeriveInput, DeriveOrder, DeriveResult
from jutong.contracts.fusion import FuseOrder
from jutong.contracts.library import Feed
from jutong.library.definitions import table
from jutong.library.derive.errors import DeriveSourceError, DeriveUnfitError
from jutong.library.derive.specs import check, order_for, reads, shipped, spec_for
from jutong.library.derive.work import run
from jutong.library.engine import DUCKDB, Engine, EngineSetting, open_engine
from jutong.library.fusion import work as fusion
from jutong.library.fusion.rules import spec_for as rules_for
from jutong.library.tables import table_path
from jutong.library.works import Place
from tests.engines import both, table_rows
from tests.unit.library.fusion.registers import OWN

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
KINDS: dict[str, pa.DataType] = {
    "text": pa.string(),
    "integer": pa.int64(),
    "date": pa.date32(),
    "decimal": pa.decimal128(18, 2),
}


def _silent(phase: str, done: int, total: int) -> None:
    """Nobody listens."""


class World:
    """A library made with one engine, or with engines opened as they are needed."""

    def __init__(self, folder: Path, engine: Engine | None = None) -> None:
        self.folder, self.library, self.works = folder, folder / "library", 0
        self._engine = engine
        self.feeds: dict[tuple[str, str], Feed] = {}

    def place(self) -> Place:
        self.works += 1
        return Place(self.folder, self.library, self.folder / "s", f"work-{self.works}", NOW, self.engine)

    def engine(self) -> Any:
        return _Lent(self._engine) if self._engine else open_engine(EngineSetting(DUCKDB, 256), self.folder / "s")

    def put(self, library: str, name: str, *rows: dict[str, Any]) -> None:
        definition = table(library, name)
        fields = [field for field in definition.fields if any(field.name in row for row in rows)]
        schema = pa.schema([*OWN, *(pa.field(field.name, KINDS[field.type]) for field in fields)])
        told = [
            {"_key": f"{name}-{number}", "_changed": NOW, "_problems": "", **row} for number, row in enumerate(rows)
        ]
        feed = Feed(
            name=f"f_{name}", organisation_code="X1", organisation_name="局", role=definition.owner, landed="x",
            library=library, table=name, key="k", columns=tuple((field.name, field.name) for field in fields),
        )  # fmt: skip
        self.feeds[library, name] = feed
        with self.engine() as engine:
            engine.attach_rows("arriving", pa.Table.from_pylist(told, schema))
            path = table_path(self.library, "standardised", "X1", feed.name)
            engine.write("SELECT * FROM arriving", path, commit={"work_id": "standardise"})
        if definition.kind == "entity":
            order = FuseOrder(library=library, table=definition, feeds=(feed,), spec=rules_for(library, definition))
            fusion.run(order, self.place(), _silent)

    def given(self, library: str, name: str) -> DeriveInput | None:
        feed = self.feeds.get((library, name))
        return DeriveInput(part=name, definition=table(library, name), feeds=(feed,)) if feed else None

    def order(self, library: str, name: str) -> DeriveOrder:
        order = order_for(library, table(library, name), self.given)
        assert order is not None
        return order

    def derive(self, library: str, name: str, place: Place | None = None) -> DeriveResult:
        return run(self.order(library, name), place or self.place(), _silent)

    def rows(self, library: str, name: str) -> list[dict[str, Any]]:
        return table_rows(table_path(self.library, "fused", library, name), without=("entity_id",))[1]


class _Lent:
    """An engine that is not closed by those it is lent to."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def __enter__(self) -> Engine:
        return self._engine

    def __exit__(self, *error: object) -> None:
        """Whoever opened it closes it."""


def _person(number: str, name: str, relation: str, born: date, **others: Any) -> dict[str, Any]:
    return {"identity_number": number, "name": name, "household_number": "H1", "householder_relation": relation,
            "birth_date": born, "household_address": "庆阳路1号", "household_division": "620102", **others}  # fmt: skip


def people(world: World, *more: dict[str, Any]) -> None:
    """A grandmother, her son and his wife, their child who turned 17 yesterday, and one who died."""
    world.put(
        "RK", "person",
        _person("1", "王伟", "02", date(1980, 1, 1), marital_status="21"),
        _person("2", "李娜", "12", date(1982, 2, 2), marital_status="20"),
        _person("3", "王芳", "52", date(1960, 5, 5), marital_status="30"),
        _person("4", "王小明", "21", date(2009, 11, 21)),
        _person("5", "王老", "51", date(1955, 5, 5), death_date=date(2020, 1, 1)),
        {"identity_number": "6", "name": "孤", "birth_date": date(2008, 11, 22)},
        *more,
    )  # fmt: skip


def enterprises(world: World) -> None:
    world.put(
        "FR",
        "organisation",
        {"credit_code": "E1", "name": "甲", "division": "620102"},
        {"credit_code": "E2", "name": "乙"},
    )
    world.put(
        "FR", "listing",
        {"credit_code": "E1", "listing_number": "1", "listed_on": date(2025, 1, 1), "removed_on": date(2025, 9, 1)},
        {"credit_code": "E1", "listing_number": "2", "listed_on": date(2026, 1, 1)},
    )  # fmt: skip
    world.put(
        "SQSF", "charge",
        {"charge_number": "1", "credit_code": "E1", "name": "甲", "due": Decimal("100.50"), "paid": Decimal("90.25")},
        {"charge_number": "2", "credit_code": "E1", "name": "甲", "due": Decimal("1.00"), "paid": Decimal("1.00")},
    )  # fmt: skip


def test_a_household_and_who_enrols_from_it(tmp_path: Path) -> None:
    world = World(tmp_path)
    people(world)

    made = world.derive("RK", "household")

    assert (made.rows, made.changed, made.passed_over, made.missing) == (1, 1, 1, ())
    assert world.rows("RK", "household") == [
        {"household_number": "H1", "householder_name": "王伟", "householder_identity_number": "1",
         "address": "庆阳路1号", "division": "620102", "members": 4, "minors": 1, "elders": 1, "couples": 2}
    ]  # fmt: skip
    world.derive("RK", "enrolment")
    enrolled = {row["identity_number"]: row for row in world.rows("RK", "enrolment")}
    assert set(enrolled) == {"4"}, "on the day one turns 18 one is no child"
    assert (enrolled["4"]["guardian_name"], enrolled["4"]["birth_date"]) == ("王伟", date(2009, 11, 21))


def test_what_is_not_there_is_said_and_never_counted_as_none(tmp_path: Path) -> None:
    world = World(tmp_path)
    with pytest.raises(DeriveUnfitError, match="organisation"):
        world.derive("FR", "enterprise_profile")
    enterprises(world)

    made = world.derive("FR", "enterprise_profile")

    assert made.missing == ("licence", "insured")
    told = {row["credit_code"]: row for row in world.rows("FR", "enterprise_profile")}
    assert (told["E1"]["listings"], told["E1"]["listings_open"], told["E1"]["permits"]) == (2, 1, None)
    assert (told["E2"]["listings"], told["E2"]["listings_open"]) == (0, 0)
    place = world.place()
    first = world.derive("SQSF", "burden", place)
    assert world.derive("SQSF", "burden", place) == first, "begun anew, it only tells its result"
    assert (world.derive("SQSF", "burden").changed, first.changed, first.version) == (0, 1, 0)
    (burden,) = world.rows("SQSF", "burden")
    assert (burden["charges"], burden["due"], burden["paid"]) == (2, Decimal("101.50"), Decimal("91.25"))
    charge = world.order("SQSF", "burden")
    gone = charge.inputs[0].feeds[0].model_copy(update={"name": "never_landed"})
    unread = charge.inputs[0].model_copy(update={"feeds": (gone,)})
    with pytest.raises(DeriveSourceError, match="SQSF/charge"):
        run(charge.model_copy(update={"inputs": (unread,)}), world.place(), _silent)


def test_shipped_rules_fit_the_shipped_tables_and_others_are_refused() -> None:
    for spec in shipped():
        inputs = tuple(DeriveInput(part=one.part, definition=table(one.library, one.table)) for one in spec.sources)
        check(spec, table(spec.library, spec.table), inputs)
        assert all(reads(spec, one.library, one.table) for one in spec.sources)
    assert spec_for("RK", "marriage") is None
    assert order_for("RK", table("RK", "marriage"), lambda *_: None) is None
    family = spec_for("DSRJT", "family")
    assert family is not None
    recipient = (DeriveInput(part="recipient", definition=table("DSRJT", "recipient")),)
    wrong: list[dict[str, Any]] = [
        {"fields": family.fields[1:]},
        {"fields": (*family.fields[1:], family.fields[0].model_copy(update={"column": "height"}))},
        {"fields": (*family.fields[1:], family.fields[0].model_copy(update={"part": "nobody"}))},
        {"fields": (*family.fields[1:], family.fields[0].model_copy(update={"column": ""}))},
        {"sources": (family.sources[0].model_copy(update={"by": ()}),)},
        {"sources": (family.sources[0], family.sources[0])},
        {"sources": (*family.sources, family.sources[0].model_copy(update={"part": "p", "meets": ("x", "y")}))},
    ]
    for changes in wrong:
        with pytest.raises(DeriveUnfitError):
            check(family.model_copy(update=changes), table("DSRJT", "family"), recipient)


def test_both_engines_fuse_and_derive_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "token_hex", lambda size: "5a" * size)

    def do(engine: Engine, folder: Path) -> tuple[Path, ...]:
        world = World(folder, engine)
        people(world)
        people(world, _person("2", "李 娜", "12", date(1982, 2, 3)), _person("7", "王二", "20", date(2026, 11, 1)))
        world.derive("RK", "household")
        fused = [table_path(world.library, "fused", "RK", f"person{one}") for one in ("", "_links", "_conflicts")]
        return (*fused, table_path(world.library, "fused", "RK", "household"))

    both(tmp_path, do)
