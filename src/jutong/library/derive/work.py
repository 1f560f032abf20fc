"""The work ``derive``: one table made from others by rules that are data."""

# ruff: noqa: S608 - names are quoted and values literals, by engine.sql

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import date
from pathlib import Path

from deltalake import DeltaTable

from jutong.contracts.derive import DeriveCondition, DeriveField, DeriveInput, DeriveOrder, DeriveResult, DeriveSource
from jutong.contracts.library import FieldDefinition
from jutong.kernel.canonical import canonical_json
from jutong.kernel.clock import civil_date
from jutong.library.derive.errors import DeriveSourceError
from jutong.library.derive.specs import check
from jutong.library.engine import Engine
from jutong.library.engine.sql import literal, name, names
from jutong.library.fusion.manifest import Fused, current
from jutong.library.fusion.survivorship import sql_type
from jutong.library.tables import METADATA_KEY, open_table, table_path
from jutong.library.works import Place, Tell

DERIVED = "derived"
"""Under this key a commit keeps the result of the work that made it."""
ENTITY = "entity_id"
_NEWEST = 20


def run(order: DeriveOrder, place: Place, tell: Tell) -> DeriveResult:
    """Derive; see ``jutong.library.works`` for what a work owes.

    Raises:
        DeriveUnfitError: the rules name what is not there.
        DeriveSourceError: a table it cannot do without is not there.
    """
    path = table_path(place.library, "fused", order.library, order.table.name)
    if (done := _done(path, place.work_id)) is not None:
        return done
    check(order.spec, order.table, order.inputs)
    with place.engine() as engine:
        return _Derivation(order, place, tell, engine, path).run()


def _done(path: Path, work_id: str) -> DeriveResult | None:
    if DeltaTable.is_deltatable(str(path)):
        for commit in DeltaTable(str(path)).history(_NEWEST):
            said = commit.get(METADATA_KEY, {})
            if said.get("work_id") == work_id and DERIVED in said:
                return DeriveResult.model_validate_json(canonical_json(said[DERIVED]))
    return None


class _Derivation:
    """One derivation in one engine."""

    def __init__(self, order: DeriveOrder, place: Place, tell: Tell, engine: Engine, path: Path) -> None:
        self.order, self.place, self.tell, self.engine, self.path = order, place, tell, engine, path
        self.today = civil_date(place.now)
        self.read: dict[str, int] = {}
        self.inputs = {one.part: one for one in order.inputs}
        self.first = order.spec.sources[0]
        self.has_entity = False
        self.first_by: dict[str, str] = {}
        """By which columns the first row of a source is told, of those that meet."""

    def run(self) -> DeriveResult:
        started, engine, spec = time.monotonic(), self.engine, self.order.spec
        missing = []
        for number, source in enumerate(spec.sources):
            self.tell("reading", number, len(spec.sources))
            rows = self._rows(source)
            if rows is None and not source.optional:
                raise DeriveSourceError(table=spec.table, source=f"{source.library}/{source.table}")
            if rows is None:
                missing.append(source.part)
                continue
            if source is self.first:
                self.has_entity = bool(self._entity(source))
            engine.keep(f"part_{source.part}", self._part(source, rows))
        self.tell("joining", 0, 0)
        keyless = " OR ".join(f"{name(key)} IS NULL" for key in self.order.table.keys)
        engine.keep("de_all", self._joined(set(missing)))
        engine.keep("de_rows", f"SELECT * FROM de_all WHERE NOT ({keyless})")
        nobody = " OR ".join(f"{name(one)} IS NULL" for one in self.first.by)
        first = name(f"part_{self.first.part}")
        passed = int(engine.rows(f"SELECT COALESCE(sum(_rows), 0) FROM {first} WHERE {nobody}")[0][0])
        return self._write(tuple(missing), passed, started)

    def _entity(self, source: DeriveSource) -> bool:
        one = self.inputs.get(source.part)
        return one is not None and one.definition.kind == "entity" and source.by == one.definition.keys

    def _rows(self, source: DeriveSource) -> str | None:
        """Attach the table or the feeds of a source; return the query of its rows, None where there are none."""
        one = self.inputs.get(source.part)
        if one is None:
            return None
        if one.definition.kind == "record":
            return self._records(one)
        fused = Fused(self.place.library, source.library, source.table)
        if not fused.is_there():
            return None
        good = current(fused) if one.definition.kind == "entity" else None
        if one.definition.kind == "entity" and good is None:
            return None
        called = f"in_{source.part}"
        self._attach(called, fused.path, good.version if good else None)
        columns = [field.name for field in one.definition.fields]
        own = [name(ENTITY), "_state"] if one.definition.kind == "entity" else []
        self.first_by[source.part] = name(ENTITY) if own else names(one.definition.keys)
        return f"SELECT {', '.join([*own, *map(name, columns)])} FROM {name(called)}"

    def _records(self, one: DeriveInput) -> str | None:
        parts = []
        for number, feed in enumerate(one.feeds):
            path = table_path(self.place.library, "standardised", feed.organisation_code, feed.name)
            if not DeltaTable.is_deltatable(str(path)):
                continue
            called = f"in_{one.part}_{number}"
            self._attach(called, path, None)
            has = {field for field, _ in feed.columns}
            columns = ", ".join(
                f"CAST({name(field.name) if field.name in has else 'NULL'} AS {sql_type(field)}) AS {name(field.name)}"
                for field in one.definition.fields
            )
            parts.append(f"SELECT {columns}, {literal(feed.name)} AS _feed, _key FROM {name(called)}")
        if not parts:
            return None
        self.first_by[one.part] = "_feed, _key"
        return " UNION ALL ".join(parts)

    def _attach(self, called: str, path: Path, version: int | None) -> None:
        self.read["/".join(path.parts[-3:])] = self.engine.attach(called, path, version)

    def _part(self, source: DeriveSource, rows: str) -> str:
        """Return one row for each value a source is grouped by, with what is measured of it."""
        fields = [field for field in self.order.spec.fields if field.part == source.part]
        entity = self._entity(source) and source is self.first
        meets = {one for other in self.order.spec.sources[1:] for one in other.meets} if source is self.first else set()
        taken = [f"max(CASE WHEN _first = 1 THEN {name(ENTITY)} END) AS {name(ENTITY)}"] if entity else []
        taken += [f"max(CASE WHEN _first = 1 THEN {name(one)} END) AS {name('_meets_' + one)}" for one in sorted(meets)]
        measured = [f"{self._measure(field)} AS {name('_m_' + field.name)}" for field in fields]
        where = " AND ".join([*self._conditions(source.where), *(f"{name(one)} IS NOT NULL" for one in source.by)])
        if source is self.first:  # rows without a key are told
            where = " AND ".join(self._conditions(source.where)) or "TRUE"
        by, first = names(source.by), self.first_by[source.part]
        placed = (
            f"SELECT *, row_number() OVER (PARTITION BY {by} ORDER BY {first}) AS _first "
            f"FROM ({rows}) AS s WHERE {where}"
        )
        return f"SELECT {', '.join([by, *taken, *measured, 'count(*) AS _rows'])} FROM ({placed}) AS p GROUP BY {by}"

    def _measure(self, field: DeriveField) -> str:
        column, where = name(field.column) if field.column else "1", " AND ".join(self._conditions(field.where))
        if field.measure == "take" and not where:
            return f"max(CASE WHEN _first = 1 THEN {column} END)"
        value = f"CASE WHEN {where} THEN {column} END" if where else column
        return {
            "take": f"min({value})", "count": f"count({value})", "sum": f"sum({value})", "min": f"min({value})",
            "max": f"max({value})",
        }[field.measure]  # fmt: skip

    def _conditions(self, conditions: Iterable[DeriveCondition]) -> list[str]:
        return [self._condition(one) for one in conditions]

    def _condition(self, one: DeriveCondition) -> str:
        column = name(one.column)
        listed = ", ".join(literal(value) for value in one.values)
        if one.test in {"one-of", "none-of"}:
            among = f"CAST({column} AS VARCHAR) IN ({listed})" if listed else "FALSE"
            return among if one.test == "one-of" else f"({column} IS NULL OR NOT {among})"
        if one.test in {"present", "absent"}:
            return f"{column} IS {'NOT ' if one.test == 'present' else ''}NULL"
        if one.test in {"past", "not-past"}:
            return f"{column} {'<' if one.test == 'past' else '>='} {literal(self.today)}"
        day = literal(_years_before(self.today, one.years))
        return f"{column} {'>' if one.test == 'younger-than' else '<='} {day}"

    def _joined(self, missing: set[str]) -> str:
        first, spec, table = self.first, self.order.spec, self.order.table
        kinds: dict[str, FieldDefinition] = {field.name: field for field in table.fields}
        of_key = dict(zip(table.keys, first.by, strict=True))
        made = {field.name: field for field in spec.fields}
        columns = [f"f.{name(ENTITY)} AS {name(ENTITY)}"] if self.has_entity else []
        for one in table.fields:
            if one.name in of_key:
                value = f"f.{name(of_key[one.name])}"
            elif (field := made[one.name]).part in missing:
                value = "NULL"
            else:
                value = f"{'f' if field.part == first.part else 'p_' + field.part}.{name('_m_' + one.name)}"
                value = f"COALESCE({value}, 0)" if field.measure == "count" else value
            columns.append(f"CAST({value} AS {sql_type(kinds[one.name])}) AS {name(one.name)}")
        joins = [
            f"LEFT JOIN {name('part_' + source.part)} AS p_{source.part} ON "
            + " AND ".join(
                f"p_{source.part}.{name(its)} = f.{name('_meets_' + mine)}"
                for its, mine in zip(source.by, source.meets, strict=True)
            )
            for source in spec.sources[1:]
            if source.part not in missing
        ]
        return " ".join([f"SELECT {', '.join(columns)} FROM {name('part_' + first.part)} AS f", *joins])

    def _write(self, missing: tuple[str, ...], passed: int, started: float) -> DeriveResult:
        self.tell("writing", 0, 0)
        engine, keys = self.engine, self.order.table.keys
        rows = engine.rows("SELECT count(*) FROM de_rows")[0][0]
        version, changed, gone = 0, rows, ""
        if DeltaTable.is_deltatable(str(self.path)):
            version = DeltaTable(str(self.path)).version() + 1
            engine.attach("de_before", self.path)
            if self._same_shape():
                there = "SELECT * FROM de_before"
                changed = engine.rows(f"SELECT count(*) FROM (SELECT * FROM de_rows EXCEPT {there}) AS c")[0][0]
                gone = f"SELECT {names(keys)} FROM de_before"
        result = DeriveResult(
            version=version, rows=rows, changed=changed, passed_over=passed, missing=missing,
            sources=tuple(sorted(self.read.items())), seconds=round(time.monotonic() - started, 1),
        )  # fmt: skip
        said = {"work_id": self.place.work_id, DERIVED: result.model_dump(mode="json")}
        engine.write("SELECT * FROM de_rows", self.path, keys=keys if gone else (), gone=gone, commit=said)
        return result

    def _same_shape(self) -> bool:
        own = [ENTITY] if self.has_entity else []
        there = [field.name for field in open_table(self.path).schema().fields]
        return there == [*own, *(field.name for field in self.order.table.fields)]


def _years_before(day: date, years: int) -> date:
    """Return the day so many years before; who was born after it is younger than that."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # the 29th of February
        return day.replace(year=day.year - years, day=28)
