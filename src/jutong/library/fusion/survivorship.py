"""Which value of which record stands in the golden record, as SQL.

Most fields of most entities are said by one record, or by several alike. They are told by one aggregation without
looking at any rule. Only where records differ, or one register has several records of an entity, the rule of the field
decides, record by record:

1. by the criteria of the rule, one after the other;
2. where they leave several different values, the value that stood there before is kept, else that of the record changed
   the longest ago; the field is marked as a conflict of equal authority.

An order of entities in slices keeps memory bounded: the slices follow the hexadecimal digits of the identifier.
"""

# ruff: noqa: S608 - names are quoted and values literals, by engine.sql

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa

from jutong.contracts.fusion import FusionSpec, SurvivorshipRule
from jutong.contracts.library import Feed, FieldDefinition, TableDefinition
from jutong.library.engine import Engine
from jutong.library.engine.sql import literal, name
from jutong.library.fusion.errors import EqualAuthorityError, FusionUnfitError

CRITERIA = ("source", "fresh", "complete", "agreement")
SLICE_RECORDS = 3_000_000
_TYPES = {
    "text": "VARCHAR", "integer": "BIGINT", "date": "DATE", "instant": "TIMESTAMPTZ", "boolean": "BOOLEAN",
}  # fmt: skip
MOST_DIGITS = 38
NOBODY = 99
"""The rank of a role no rule speaks of."""


def sql_type(field: FieldDefinition) -> str:
    """Return the SQL type of a field's column."""
    if field.type == "decimal":
        return f"DECIMAL({field.length or MOST_DIGITS}, {field.scale})"
    return _TYPES[field.type]


@dataclass(frozen=True)
class Plan:
    """The rules of a table put beside its feeds."""

    definition: TableDefinition
    feeds: tuple[Feed, ...]
    spec: FusionSpec

    @property
    def fields(self) -> tuple[FieldDefinition, ...]:
        """The fields of the table."""
        return self.definition.fields

    def has(self, feed: Feed) -> set[str]:
        """Return the fields a feed fills."""
        return {field for field, _ in feed.columns}

    def rule(self, field: str) -> SurvivorshipRule:
        """Return the rule of a field."""
        rules = {rule.field: rule for rule in self.spec.rules}
        return rules.get(field) or rules.get("") or SurvivorshipRule()

    def rank(self, field: FieldDefinition, feed: Feed) -> int:
        """Return how early a feed is believed about a field; the smallest is believed first."""
        roles = self.rule(field.name).roles
        if field.source and feed.role == field.source:
            return 0
        return 1 + roles.index(feed.role) if feed.role in roles else NOBODY

    def check(self) -> None:
        """Refuse rules that decide nothing or speak of nothing.

        Raises:
            FusionUnfitError: a rule names a field twice or one that is none, or there are no feeds.
            EqualAuthorityError: two feeds are the source of a field, and nothing else may decide.
        """
        known = {field.name for field in self.fields}
        told = self.definition.name
        spoken = [rule.field for rule in self.spec.rules]
        if not self.feeds:
            raise FusionUnfitError(table=told, reason="没有来源")
        named = {*(spoken), *self.spec.identity, *(state.field for state in self.spec.states)} - {""}
        if strange := sorted(named - known):
            raise FusionUnfitError(table=told, reason=f"没有字段 {'、'.join(strange)}")
        if len(set(spoken)) < len(spoken):
            raise FusionUnfitError(table=told, reason="同一字段有多条规则")
        names_ = [feed.name for feed in self.feeds]
        if len(set(names_)) < len(names_):
            raise FusionUnfitError(table=told, reason="来源重名")
        for feed in self.feeds:
            if strange := sorted(self.has(feed) - known):
                raise FusionUnfitError(table=told, reason=f"来源 {feed.name} 的字段 {'、'.join(strange)} 不在表中")
        for field in self.fields:
            first = [feed.name for feed in self.feeds if field.name in self.has(feed) and self.rank(field, feed) == 0]
            if len(first) > 1 and self.rule(field.name).order == ("source",):
                raise EqualAuthorityError(fields=field.name, feeds="、".join(first))

    def order(self, feed: str) -> int:
        """Return the place of a feed among all."""
        return [one.name for one in self.feeds].index(feed)


def members_sql(plan: Plan, records: dict[str, str], assigned: str) -> str:
    """Return the query of records with their entity: ``entity_id``, ``fno``, ``key``, ``changed``, ``said``, fields.

    Args:
        plan: the rules.
        records: for each feed's name the table of its standardised rows.
        assigned: the table ``feed``, ``key``, ``entity_id``.
    """
    parts = []
    for number, feed in enumerate(plan.feeds):
        has = plan.has(feed)
        columns = [
            f"CAST({'s.' + name(field.name) if field.name in has else 'NULL'} AS {sql_type(field)}) "
            f"AS {name(field.name)}"
            for field in plan.fields
        ]
        said = " + ".join(f"CASE WHEN s.{name(one)} IS NULL THEN 0 ELSE 1 END" for one in sorted(has)) or "0"
        parts.append(
            f"SELECT a.entity_id, CAST({number} AS INTEGER) AS fno, s._key AS key, s._changed AS changed, "
            f"CAST({said} AS INTEGER) AS said, {', '.join(columns)} FROM {name(records[feed.name])} AS s "
            f"JOIN {assigned} AS a ON a.feed = {literal(feed.name)} AND a.key = s._key"
        )
    return " UNION ALL ".join(parts)


def choose(
    engine: Engine,
    plan: Plan,
    records: dict[str, str],
    *,
    assigned: str,
    before: str,
    count: int,
    heard: Callable[[int, int], None],
) -> None:
    """Make the golden records of all entities of ``assigned``.

    Leaves in the engine ``fu_golden`` (the columns of the fused table), ``fu_provenance`` (of the table beside it) and
    ``fu_conflicts_found`` (``entity_id``, ``field``, ``fno``, ``key``, ``value``, ``changed``, ``b_fno``, ``b_key``,
    ``b_value``, ``b_changed``, ``cause``, ``clue``, ``suggestion``).

    Args:
        engine: where.
        plan: the rules.
        records: for each feed's name the table of its standardised rows.
        assigned: the table ``feed``, ``key``, ``entity_id``.
        before: the golden records before, to keep a value between equals.
        count: about how many records there are.
        heard: is told how many slices are done, of how many.
    """
    engine.attach_rows("fu_ranks", _ranks(plan))
    engine.keep(
        "fu_several",
        f"SELECT DISTINCT entity_id FROM (SELECT entity_id, feed FROM {assigned} GROUP BY entity_id, feed "
        "HAVING count(*) > 1) AS several",
    )
    slices = list(_slices(count))
    made = (("golden", "golden"), ("provenance", "provenance"), ("conflicts", "conflicts_found"))
    for number, where in enumerate(slices):
        heard(number, len(slices))
        chosen = f"(SELECT * FROM {assigned}{where})"
        engine.keep("fu_members", members_sql(plan, records, chosen))
        engine.keep("fu_firm", _firm(plan))
        engine.keep("fu_long", _long(plan))
        engine.keep("fu_judged", _judged(plan, before))
        engine.keep("fu_decided", _decided(plan))
        for (part, called), sql in zip(made, (_golden(plan), _provenance(plan), _conflicts(plan)), strict=True):
            engine.keep(f"fu_{part}_{number}" if len(slices) > 1 else f"fu_{called}", sql)
    heard(len(slices), len(slices))
    for part, called in made if len(slices) > 1 else ():
        engine.keep(
            f"fu_{called}",
            " UNION ALL ".join(f"SELECT * FROM fu_{part}_{number}" for number in range(len(slices))),
        )


def _slices(count: int) -> Iterator[str]:
    """Yield the conditions that cut entities into parts of at most some million records."""
    parts = max(1, -(-count // SLICE_RECORDS))
    if parts == 1:
        yield ""
        return
    digits = "0123456789ABCDEF"
    bounds = [f"{digits[(256 * part // parts) // 16]}{digits[(256 * part // parts) % 16]}" for part in range(parts)]
    for low, high in zip(bounds, [*bounds[1:], ""], strict=True):
        above = f" WHERE substr(entity_id, 2, 2) >= '{low}'"
        yield above + (f" AND substr(entity_id, 2, 2) < '{high}'" if high else "")


def _ranks(plan: Plan) -> pa.Table:
    rows = [
        {"fid": number, "fno": plan.order(feed.name), "rank": plan.rank(field, feed)}
        for number, field in enumerate(plan.fields)
        for feed in plan.feeds
        if field.name in plan.has(feed)
    ]
    schema = pa.schema([("fid", pa.int32()), ("fno", pa.int32()), ("rank", pa.int32())])
    return pa.Table.from_pylist(rows, schema)


def _believed(plan: Plan, field: FieldDefinition) -> str:
    """Return the place of the record's feed in the order in which feeds are believed about a field."""
    order = sorted(range(len(plan.feeds)), key=lambda number: (plan.rank(field, plan.feeds[number]), number))
    cases = " ".join(f"WHEN {number} THEN {place}" for place, number in enumerate(order))
    return f"CASE fno {cases} END"


def _feed_at(plan: Plan, field: FieldDefinition, place: str) -> str:
    order = sorted(range(len(plan.feeds)), key=lambda number: (plan.rank(field, plan.feeds[number]), number))
    cases = " ".join(f"WHEN {spot} THEN {literal(plan.feeds[number].name)}" for spot, number in enumerate(order))
    return f"CASE {place} {cases} END"


def _firm(plan: Plan) -> str:
    """Return a row for each entity: of each field the least and greatest value, how many, and the first to believe."""
    columns = []
    for number, field in enumerate(plan.fields):
        column = name(field.name)
        first = f"min(CASE WHEN {column} IS NOT NULL THEN {_believed(plan, field)} END)"
        columns.append(
            f"min({column}) AS lo_{number}, max({column}) AS hi_{number}, count({column}) AS n_{number}, "
            f"{first} AS p_{number}"
        )
    return (
        f"SELECT m.entity_id, count(DISTINCT fno) AS feeds, max(changed) AS updated, "
        f"max(CASE WHEN s.entity_id IS NULL THEN 0 ELSE 1 END) AS several, {', '.join(columns)} "
        "FROM fu_members AS m LEFT JOIN fu_several AS s ON s.entity_id = m.entity_id GROUP BY m.entity_id"
    )


def _open(number: int, of: str = "") -> str:
    """Return the condition that a field is to be decided record by record."""
    dot = f"{of}." if of else ""
    return f"(({dot}lo_{number} <> {dot}hi_{number}) OR ({dot}several = 1 AND {dot}n_{number} > 0))"


def _long(plan: Plan) -> str:
    """Return what each record says about each field that is to be decided."""
    parts = [
        f"SELECT m.entity_id, CAST({number} AS INTEGER) AS fid, m.fno, m.key, m.changed, m.said, "
        f"CAST(m.{name(field.name)} AS VARCHAR) AS value FROM fu_members AS m "
        f"JOIN fu_firm AS f ON f.entity_id = m.entity_id "
        f"WHERE m.{name(field.name)} IS NOT NULL AND {_open(number, 'f')}"
        for number, field in enumerate(plan.fields)
    ]
    return " UNION ALL ".join(parts)


def _by_order(plan: Plan, place: int) -> tuple[str, str]:
    """Return the value of the criterion at a place of the field's order, and its name."""
    value = {"source": "rank", "fresh": "fresh", "complete": "-said", "agreement": "-agreed"}
    kinds: dict[str, list[int]] = {}
    for number, field in enumerate(plan.fields):
        order = plan.rule(field.name).order
        if place < len(order):
            kinds.setdefault(order[place], []).append(number)
    if not kinds:
        return "0", "'kept'"
    when = [(", ".join(map(str, numbers)), kind) for kind, numbers in sorted(kinds.items())]
    values = " ".join(f"WHEN fid IN ({listed}) THEN {value[kind]}" for listed, kind in when)
    told = " ".join(f"WHEN fid IN ({listed}) THEN '{kind}'" for listed, kind in when)
    return f"CASE {values} ELSE 0 END", f"CASE {told} ELSE 'kept' END"


def _judged(plan: Plan, before: str) -> str:
    """Return what each record says, with what the winner of its field says, and why that is believed."""
    per = "PARTITION BY entity_id, fid"
    old = " UNION ALL ".join(
        f"SELECT g.entity_id, CAST({number} AS INTEGER) AS fid, CAST(g.{name(field.name)} AS VARCHAR) AS was "
        f"FROM {before} AS g WHERE g.{name(field.name)} IS NOT NULL "
        f"AND g.entity_id IN (SELECT entity_id FROM fu_long WHERE fid = {number})"
        for number, field in enumerate(plan.fields)
    )
    keys = [_by_order(plan, place)[0] for place in range(len(CRITERIA))]
    orders = ", ".join(f"k{place}" for place in range(len(CRITERIA)))
    # One register has one voice for a value, however many records say it.
    voiced = (
        "SELECT l.entity_id, l.fid, l.fno, l.key, l.changed, l.said, l.value, r.rank, o.was, "
        "row_number() OVER (PARTITION BY l.entity_id, l.fid, l.value, l.fno ORDER BY l.key) AS voice, "
        f"dense_rank() OVER ({per.replace('entity_id', 'l.entity_id').replace(' fid', ' l.fid')} "
        "ORDER BY l.changed DESC NULLS LAST) AS fresh "
        "FROM fu_long AS l JOIN fu_ranks AS r ON r.fid = l.fid AND r.fno = l.fno "
        f"LEFT JOIN ({old}) AS o ON o.entity_id = l.entity_id AND o.fid = l.fid"
    )
    counted = (
        "SELECT *, sum(CASE WHEN voice = 1 THEN 1 ELSE 0 END) OVER (PARTITION BY entity_id, fid, value) AS agreed "
        f"FROM ({voiced}) AS v"
    )
    keyed = "SELECT *, " + ", ".join(f"{key} AS k{place}" for place, key in enumerate(keys)) + f" FROM ({counted}) AS c"
    last = "CASE WHEN was IS NOT NULL AND value = was THEN 0 ELSE 1 END, changed ASC NULLS LAST, value, fno, key"
    placed = f"SELECT *, row_number() OVER ({per} ORDER BY {orders}, {last}) AS place FROM ({keyed}) AS k"
    taken = ["value", "fno", "key", "changed", *[f"k{place}" for place in range(len(CRITERIA))]]
    won = "SELECT entity_id, fid, " + ", ".join(f"{one} AS w_{one}" for one in taken) + " FROM placed WHERE place = 1"
    beside = (
        "SELECT p.*, " + ", ".join(f"w.w_{one}" for one in taken) + ", "
        "row_number() OVER (PARTITION BY p.entity_id, p.fid, CASE WHEN p.value = w.w_value THEN 0 ELSE 1 END "
        "ORDER BY p.place) AS nth, count(*) OVER (PARTITION BY p.entity_id, p.fid) AS records "
        "FROM placed AS p JOIN won AS w ON w.entity_id = p.entity_id AND w.fid = p.fid"
    )
    return f"WITH placed AS ({placed}), won AS ({won}) {beside}"


def _decided(plan: Plan) -> str:
    """Return one row for each field that was decided: value, record, basis."""
    why = " ".join(
        f"WHEN r.k{place} <> w.k{place} THEN {_by_order(plan, place)[1].replace('fid', 'w.fid')}"
        for place in range(len(CRITERIA))
    )
    return (
        "SELECT w.entity_id, w.fid, w.value, w.fno, w.key, w.changed, "
        "CASE WHEN r.entity_id IS NULL AND w.records = 1 THEN 'only' WHEN r.entity_id IS NULL THEN 'agreed' "
        f"{why} ELSE 'kept' END AS basis, CASE WHEN r.entity_id IS NULL THEN 0 ELSE 1 END AS differs "
        "FROM (SELECT * FROM fu_judged WHERE place = 1) AS w LEFT JOIN "
        "(SELECT * FROM fu_judged WHERE value <> w_value AND nth = 1) AS r "
        "ON r.entity_id = w.entity_id AND r.fid = w.fid"
    )


def _wide(column: str, fields: Sequence[FieldDefinition]) -> str:
    columns = ", ".join(
        f"max(CASE WHEN fid = {number} THEN {column} END) AS d_{number}" for number in range(len(fields))
    )
    return f"(SELECT entity_id, {columns} FROM fu_decided GROUP BY entity_id)"


def _golden(plan: Plan) -> str:
    columns = [
        f"CASE WHEN {_open(number, 'f')} THEN CAST(d.d_{number} AS {sql_type(field)}) ELSE f.lo_{number} END "
        f"AS {name(field.name)}"
        for number, field in enumerate(plan.fields)
    ]
    inner = (
        f"SELECT f.entity_id, {', '.join(columns)}, CAST(f.feeds AS INTEGER) AS _sources, f.updated AS _updated "
        f"FROM fu_firm AS f LEFT JOIN {_wide('value', plan.fields)} AS d ON d.entity_id = f.entity_id"
    )
    return f"SELECT *, {state_sql(plan)} AS _state FROM ({inner}) AS g"


def state_sql(plan: Plan) -> str:
    """Return the expression of an entity's state from its fields."""
    kinds = {field.name: field for field in plan.fields}
    cases = []
    for rule in plan.spec.states:
        column = name(rule.field)
        listed = ", ".join(literal(one) for one in rule.values)
        text = column if kinds[rule.field].type == "text" else f"CAST({column} AS VARCHAR)"
        cases.append(
            f"WHEN {f'{text} IN ({listed})' if listed else f'{column} IS NOT NULL'} THEN {literal(rule.state)}"
        )
    return f"CASE {' '.join(cases)} ELSE 'active' END" if cases else "'active'"


def _provenance(plan: Plan) -> str:
    columns = []
    for number, field in enumerate(plan.fields):
        clear = _feed_at(plan, field, f"f.p_{number}")
        columns.append(
            f"CASE WHEN {_open(number, 'f')} THEN d.d_{number} WHEN f.n_{number} = 0 THEN NULL "
            f"ELSE {clear} || CASE WHEN f.n_{number} = 1 THEN ' only' ELSE ' agreed' END END AS {name(field.name)}"
        )
    feeds = " ".join(f"WHEN {number} THEN {literal(feed.name)}" for number, feed in enumerate(plan.feeds))
    told = f"CASE fno {feeds} END || ' ' || basis || CASE WHEN several = 1 THEN ' ' || key ELSE '' END"
    decided = (
        f"(SELECT d0.entity_id, d0.fid, {told} AS told FROM fu_decided AS d0 "
        "JOIN fu_firm AS f0 ON f0.entity_id = d0.entity_id)"
    )
    wide = _wide("told", plan.fields).replace("fu_decided", f"{decided} AS told_of")
    return (
        f"SELECT f.entity_id, {', '.join(columns)} FROM fu_firm AS f LEFT JOIN {wide} AS d ON d.entity_id = f.entity_id"
    )


def _conflicts(plan: Plan) -> str:
    spoken = [number for number, field in enumerate(plan.fields) if plan.rule(field.name).differs]
    of = f"j.fid IN ({', '.join(map(str, spoken))})" if spoken else "FALSE"
    names_ = " ".join(f"WHEN {number} THEN {literal(field.name)}" for number, field in enumerate(plan.fields))
    equal = " AND ".join(f"j.k{place} = j.w_k{place}" for place in range(len(CRITERIA)))
    bare = "replace(replace(replace(lower({0}), ' ', ''), '·', ''), '•', '')"
    return (
        f"SELECT j.entity_id, CASE j.fid {names_} END AS field, j.fno, j.key, j.value, j.changed, j.w_fno AS b_fno, "
        f"j.w_key AS b_key, j.w_value AS b_value, j.w_changed AS b_changed, "
        f"CASE WHEN {equal} THEN 'equal-authority' ELSE 'differs' END AS cause, "
        f"CASE WHEN {bare.format('j.value')} = {bare.format('j.w_value')} THEN 'spelling' "
        "WHEN j.changed < j.w_changed THEN 'older' WHEN j.changed > j.w_changed THEN 'newer' "
        "ELSE 'same-age' END AS clue, "
        f"CASE WHEN {equal} THEN 'decide' WHEN d.basis = 'source' AND j.changed > j.w_changed "
        f"AND {bare.format('j.value')} <> {bare.format('j.w_value')} THEN 'ask-source' "
        "ELSE 'correct-record' END AS suggestion "
        "FROM fu_judged AS j JOIN fu_decided AS d ON d.entity_id = j.entity_id AND d.fid = j.fid "
        f"WHERE j.value <> j.w_value AND {of}"
    )
