"""The work ``check``: rules asked of one version of a table, and a profile of its fields. It writes nothing."""

# ruff: noqa: S608 - names are quoted and values literals, by engine.sql

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa

from jutong.contracts import quality as contract
from jutong.contracts.quality import CheckOrder, CheckResult, FieldProfile, QualityRule, RuleCount, TableAddress
from jutong.library.engine import Engine
from jutong.library.quality import counting
from jutong.library.quality.compile import Columns
from jutong.library.quality.profile import counts, drift_permille, profile, take_sample
from jutong.library.tables import open_table, table_path
from jutong.library.works import Place, Tell

TABLE = "checked"
KEYS = ("_key", "entity_id")
"""What a row is called: in a register as standardised, in a fused table."""
PERMILLE = 1000


def run(order: CheckOrder, place: Place, tell: Tell) -> CheckResult:
    """Carry out a work ``check``.

    Raises:
        TableUnknownError: when a table is not in the library.
        TableForeignError: when it has features that would be read wrongly.
        RuleUncompilableError: when a rule does not fit the table.
        EngineRefusedError: when the engine refuses a statement.
    """
    with place.engine() as engine:
        return check(engine, order, place.library, place.now, tell)


def check(engine: Engine, order: CheckOrder, library: Path, now: datetime, tell: Tell) -> CheckResult:
    """Check a table of a library with an engine; errors as of :func:`run`."""
    began = time.monotonic()
    path = path_of(library, order.table)
    version = attach(engine, order, library)
    columns = columns_of(engine, order.table, now)
    counting.require_patterns(engine, order.rules, columns)
    every = counting.conditions(order.rules, columns)
    found = [one for one in every if not one.codes]
    fields = [field for field in order.fields if field.name in columns.schema.names] if order.profile else []
    tell("rules", 0, len(order.rules))
    numbers = [int(one) for one in engine.rows(counting.row_statement(found, TABLE, counts(fields)))[0]]
    rows, of_fields, of_rules = numbers[0], numbers[1 : 1 + 2 * len(fields)], numbers[1 + 2 * len(fields) :]
    counted = {
        one.rule.id: RuleCount(rule=one.rule.id, evaluated=spoken, failed=broken)
        for one, spoken, broken in zip(found, of_rules[::2], of_rules[1::2], strict=True)
    }
    counted |= {one.rule.id: counting.count_alone(engine, one, TABLE) for one in every if one.codes}
    for done, rule in enumerate(order.rules):
        tell("rules", done, len(order.rules))
        if rule.id not in counted and (count := _wide(engine, rule, columns, order)):
            counted[rule.id] = count
    profiles: list[FieldProfile] = []
    if fields and rows:
        key = next((key for key in KEYS if key in columns.schema.names), columns.schema.names[0])
        take_sample(engine, TABLE, rows, key)
        for number, field in enumerate(fields):
            tell("profile", number, len(fields))
            kind = columns.schema.field(field.name).type
            seen = (rows, *of_fields[2 * number : 2 * number + 2])
            profiles.append(profile(engine, field, kind, seen, order.floor))
    committed = _committed(path, version)
    for rule in order.rules:
        if rule.id not in counted:
            counted[rule.id] = _of_table(rule, order, rows, profiles, now - committed)
    return CheckResult(
        version=version,
        rows=rows,
        engine=engine.name,
        took_ms=int((time.monotonic() - began) * 1000),
        committed_ms=int(committed.timestamp() * 1000),
        counts=tuple(counted[rule.id] for rule in order.rules),
        profile=tuple(profiles),
    )


def path_of(library: Path, address: TableAddress) -> Path:
    """Return the folder of a table."""
    return table_path(library, address.zone, address.code, address.name)


def attach(engine: Engine, order: CheckOrder, library: Path) -> int:
    """Make the table and those its rules look into readable; return the version that is checked."""
    version = engine.attach(TABLE, path_of(library, order.table), order.version)
    others = {rule.other for rule in order.rules if isinstance(rule, contract.Reference | contract.Agrees)}
    counting.attach_codes(engine, order.rules)
    for other in sorted(others, key=counting.alias):
        engine.attach(counting.alias(other), path_of(library, other))
    return version


def columns_of(engine: Engine, address: TableAddress, now: datetime) -> Columns:
    """Return the columns of the table that is readable as :data:`TABLE`."""
    schema: pa.Schema = engine.batches(f"SELECT * FROM {TABLE} LIMIT 0").schema
    return Columns(f"{address.code}/{address.name}", schema, now)


def _wide(engine: Engine, rule: QualityRule, columns: Columns, order: CheckOrder) -> RuleCount | None:
    if isinstance(rule, contract.Unique):
        return counting.count_unique(engine, rule, columns, TABLE, exact=order.exact)
    if isinstance(rule, contract.Reference):
        return counting.count_reference(engine, rule, columns, TABLE)
    if isinstance(rule, contract.Agrees):
        return counting.count_agrees(engine, rule, columns, TABLE)
    return None


def _of_table(
    rule: QualityRule, order: CheckOrder, rows: int, profiles: list[FieldProfile], age: timedelta
) -> RuleCount:
    """Judge a rule that speaks of the table as a whole; what cannot be compared yet is not evaluated."""
    wrong: bool | None = None
    if isinstance(rule, contract.Cycle):
        wrong = age > timedelta(hours=rule.hours)
    elif isinstance(rule, contract.RowsDrift) and order.rows_before > 0:
        wrong = abs(rows - order.rows_before) * PERMILLE > rule.most_permille * order.rows_before
    elif isinstance(rule, contract.Drift):
        before = {one.name: one for one in order.profile_before}.get(rule.field)
        after = {one.name: one for one in profiles}.get(rule.field)
        moved = drift_permille(before, after) if before and after else None
        wrong = None if moved is None else moved > rule.most_permille
    return RuleCount(rule=rule.id, evaluated=int(wrong is not None), failed=int(bool(wrong)))


def _committed(path: Path, version: int) -> datetime:
    commit = open_table(path, version).history(1)[0]
    return datetime.fromtimestamp(commit["timestamp"] / 1000, UTC)
