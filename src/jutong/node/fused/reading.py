"""Reads the last good fusion of one table: what waits for judgement, one entity with everything about it, conflicts.

All of it is SQL over the versions that belong together; what a person typed becomes a literal. Memory is bounded.
"""

# ruff: noqa: S608 - names are quoted and values literals, by engine.sql

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from deltalake import DeltaTable

from jutong.contracts.library import Feed, FieldDefinition, TableDefinition
from jutong.library.engine import Engine, EngineSetting, open_engine
from jutong.library.engine.sql import literal, name, names
from jutong.library.fusion.errors import EntityUnknownError
from jutong.library.fusion.manifest import DECISIONS, Current, Fused, current
from jutong.library.linkage import levels
from jutong.library.linkage.spec import shipped
from jutong.library.tables import table_path
from jutong.node.fused.errors import ConflictUnknownError, NothingFusedError, PairUnknownError

MEMORY_MB = 256
MOST_FOUND = 20
MOST_ROWS = 200
"""Conflicts, records and events of one entity that a page lists."""
PAIR = ("left_feed", "left_key", "right_feed", "right_key")
_REVIEW = ("review_id", *PAIR, "weight", "cause", "waterfall", "since")
_EVENT = ("entity_id", "event", "other_id", "field", "was", "became", "at")
_CONFLICT = (
    "conflict_id", "entity_id", "field", "feed", "key", "value", "changed", "believed_feed", "believed_key",
    "believed", "believed_changed", "cause", "clue", "suggestion", "since", "until", "closed",
)  # fmt: skip


@dataclass(frozen=True)
class Record:
    """One standardised row of a feed."""

    feed: str
    key: str
    changed: datetime | None
    problems: str
    values: Mapping[str, Any]
    entity_id: str = ""


@dataclass(frozen=True)
class Weighed:
    """What one comparison of two records added; ``words`` say to what degree they agree, in Chinese."""

    title: str
    words: str
    weight: float


@dataclass(frozen=True)
class Pair:
    """Two records of which somebody has to say whether they are one."""

    review_id: str
    left: Record
    right: Record
    weight: float
    cause: str
    prior: float
    waterfall: Sequence[Weighed]
    since: datetime
    verdict: str = ""
    """What was said before: ``unsure``, or nothing."""


@dataclass(frozen=True)
class Conflict:
    """One row of the table of conflicts."""

    conflict_id: str
    entity_id: str
    field: str
    feed: str
    key: str
    value: str | None
    changed: datetime | None
    believed_feed: str
    believed_key: str
    believed: str | None
    believed_changed: datetime | None
    cause: str
    clue: str
    suggestion: str
    since: datetime
    until: datetime | None
    closed: str


@dataclass(frozen=True)
class Link:
    """A record that belongs, or belonged, to an entity."""

    feed: str
    key: str
    since: datetime
    until: datetime | None
    how: str


@dataclass(frozen=True)
class Event:
    """Something that happened to an entity."""

    entity_id: str
    event: str
    other_id: str | None
    field: str | None
    was: str | None
    became: str | None
    at: datetime


@dataclass(frozen=True)
class EntityRecord:
    """A golden record with everything that is known about it."""

    entity_id: str
    values: Mapping[str, Any]
    sources: int
    updated: datetime | None
    state: str
    origins: Mapping[str, tuple[str, str, str]]
    """Feed, basis and key by field."""
    records: Sequence[Record]
    links: Sequence[Link]
    conflicts: Sequence[Conflict]
    history: Sequence[Event] = field(default_factory=tuple)


@dataclass(frozen=True)
class Cause:
    """Open conflicts that have something in common; what is empty may be anything, ``known`` ones are left out.

    ``only`` is the id of the one there is to be.
    """

    field: str = ""
    feed: str = ""
    believed_feed: str = ""
    known: Sequence[str] = ()
    only: str = ""

    def condition(self) -> str:
        """Return the condition they meet."""
        said = (
            ("field", self.field),
            ("feed", self.feed),
            ("believed_feed", self.believed_feed),
            ("conflict_id", self.only),
        )
        parts = ["until IS NULL", *(f"{column} = {literal(value)}" for column, value in said if value)]
        if self.known:
            parts.append(f"conflict_id NOT IN ({', '.join(literal(one) for one in self.known)})")
        return " AND ".join(parts)


class Fusion:
    """The last good fusion, open for reading.

    Args:
        engine: where it is attached.
        fused: where its tables lie.
        now: which versions belong together.
        table: the table's definition.
        feeds: its sources.
    """

    def __init__(
        self, engine: Engine, fused: Fused, now: Current, table: TableDefinition, feeds: Sequence[Feed]
    ) -> None:
        self._engine = engine
        self._fused = fused
        self._now = now
        self.table = table
        self.feeds = {feed.name: feed for feed in feeds}
        self._attached: set[str] = set()
        try:
            self._prepared = {field.name: field for field in shipped(table.entity).fields}
        except KeyError:
            self._prepared = {}

    @property
    def version(self) -> int:
        """The version of the fused table."""
        return self._now.version

    def field(self, called: str) -> FieldDefinition:
        """Return a field; one the definition no longer has counts as of the highest grade."""
        for one in self.table.fields:
            if one.name == called:
                return one
        return FieldDefinition(name=called, title=called, grade="unknown")

    def department(self, feed: str) -> str:
        """Return whose records a feed has."""
        return self.feeds[feed].organisation_name if feed in self.feeds else feed

    def _beside(self, called: str) -> str:
        if called not in self._attached:
            self._engine.attach(called, self._fused.beside(called), self._now.versions[called])
            self._attached.add(called)
        return name(called)

    def _golden(self) -> str:
        if "golden" not in self._attached:
            self._engine.attach("golden", self._fused.path, self._now.version)
            self._attached.add("golden")
        return name("golden")

    def _decisions(self) -> str:
        """Return the newest decision of each pair as a query."""
        columns = names(PAIR)
        path = self._fused.beside(DECISIONS)
        if not DeltaTable.is_deltatable(str(path)):
            empty = ", ".join(f"CAST(NULL AS VARCHAR) AS {name(one)}" for one in (*PAIR, "verdict"))
            return f"(SELECT {empty} WHERE FALSE)"
        if DECISIONS not in self._attached:
            self._engine.attach(DECISIONS, path)
            self._attached.add(DECISIONS)
        newest = f"row_number() OVER (PARTITION BY {columns} ORDER BY {name('at')} DESC, decision_id DESC)"
        numbered = f"SELECT {columns}, verdict, {newest} AS nth FROM {name(DECISIONS)}"
        return f"(SELECT {columns}, verdict FROM ({numbered}) AS numbered WHERE nth = 1)"

    def _waiting(self) -> str:
        agree = " AND ".join(f"r.{name(one)} = d.{name(one)}" for one in PAIR)
        return (
            f"(SELECT {names(_REVIEW, 'r')}, coalesce(d.verdict, '') AS verdict FROM {self._beside('review')} AS r "
            f"LEFT JOIN {self._decisions()} AS d ON {agree} WHERE d.verdict IS NULL OR d.verdict = 'unsure')"
        )

    def waiting(self) -> dict[tuple[str, str], int]:
        """Return how many pairs wait, by cause and by what was said of them before."""
        rows = self._engine.rows(f"SELECT cause, verdict, count(*) FROM {self._waiting()} AS w GROUP BY cause, verdict")
        return {(cause, verdict): count for cause, verdict, count in rows}

    def next_pair(self, *, cause: str = "", verdict: str = "", after: str = "", review_id: str = "") -> Pair | None:
        """Return a pair that waits: the one of an id, or the first behind one, the surest first.

        Raises:
            PairUnknownError: for an id that does not wait.
        """
        conditions = [f"verdict = {literal(verdict)}"] if not review_id else [f"review_id = {literal(review_id)}"]
        if cause and not review_id:
            conditions.append(f"cause = {literal(cause)}")
        if after:
            conditions.append(f"review_id <> {literal(after)}")
        rows = self._engine.rows(
            f"SELECT {names(_REVIEW)}, verdict FROM {self._waiting()} AS w WHERE {' AND '.join(conditions)} "
            "ORDER BY weight DESC, review_id LIMIT 1"
        )
        if not rows:
            if review_id:
                raise PairUnknownError
            return None
        found = dict(zip((*_REVIEW, "verdict"), rows[0], strict=True))
        left = self.record(found["left_feed"], found["left_key"])
        right = self.record(found["right_feed"], found["right_key"])
        told: dict[str, Any] = json.loads(found["waterfall"] or "{}")
        return Pair(
            found["review_id"], left, right, float(found["weight"]), found["cause"], float(told.get("prior", 0.0)),
            [self._weighed(step) for step in told.get("steps", ())], found["since"], found["verdict"],
        )  # fmt: skip

    def _weighed(self, step: Mapping[str, Any]) -> Weighed:
        called = str(step["field"])
        prepared = self._prepared.get(called)
        title = prepared.title if prepared is not None else self.field(called).title
        said = levels.words(prepared.preparation, step["level"]) if prepared is not None else str(step["level"])
        return Weighed(title, said, float(step["weight"]))

    def _feed(self, called: str) -> str:
        alias = f"feed_{called}"
        if alias not in self._attached:
            feed = self.feeds[called]
            path = table_path(self._fused.library, "standardised", feed.organisation_code, feed.name)
            self._engine.attach(alias, path, self._now.manifest.feeds.get(called))
            self._attached.add(alias)
        return name(alias)

    def record(self, feed: str, key: str) -> Record:
        """Return one record of a feed as it was fused."""
        found = self._records(feed, [key])
        empty = Record(feed, key, None, "", {})
        record = found[0] if found else empty
        owner = self._engine.rows(
            f"SELECT entity_id FROM {self._beside('links')} WHERE feed = {literal(feed)} AND key = {literal(key)} "
            "AND until IS NULL LIMIT 1"
        )
        return Record(
            feed, key, record.changed, record.problems, record.values, owner[0][0] if owner else ""
        )  # fmt: skip

    def _records(self, feed: str, keys: Sequence[str]) -> list[Record]:
        if feed not in self.feeds or not keys:
            return []
        fields = [one.name for one in self.table.fields if one.name in {field for field, _ in self.feeds[feed].columns}]
        wanted = ", ".join(literal(key) for key in keys)
        rows = self._engine.rows(
            f"SELECT {names(('_key', '_changed', '_problems', *fields))} FROM {self._feed(feed)} "
            f"WHERE _key IN ({wanted}) ORDER BY _key"
        )
        return [Record(feed, row[0], row[1], row[2] or "", dict(zip(fields, row[3:], strict=True))) for row in rows]

    def find(self, called: str, value: str) -> list[tuple[str, Mapping[str, Any]]]:
        """Return entities whose key field has a value: their id and keys, at most ``MOST_FOUND``."""
        shown = self.table.keys
        if called not in {*shown, "entity_id"} or not value or "\x00" in value:
            return []
        rows = self._engine.rows(
            f"SELECT {names(('entity_id', *shown))} FROM {self._golden()} "
            f"WHERE CAST({name(called)} AS VARCHAR) = {literal(value)} ORDER BY entity_id LIMIT {MOST_FOUND}"
        )
        return [(row[0], dict(zip(shown, row[1:], strict=True))) for row in rows]

    def entity(self, entity_id: str) -> EntityRecord:
        """Return one entity with everything that is known about it.

        Raises:
            EntityUnknownError: if there is none of this id.
        """
        wanted = literal(entity_id)
        fields = [one.name for one in self.table.fields]
        rows = self._engine.rows(
            f"SELECT {names(('entity_id', '_sources', '_updated', '_state', *fields))} FROM {self._golden()} "
            f"WHERE entity_id = {wanted}"
        )
        if not rows:
            raise EntityUnknownError(entity=entity_id[:64])
        (_, sources, updated, state, *values) = rows[0]
        links = [
            Link(*row)
            for row in self._engine.rows(
                f"SELECT feed, key, since, until, how FROM {self._beside('links')} WHERE entity_id = {wanted} "
                f"ORDER BY until IS NOT NULL, feed, key LIMIT {MOST_ROWS}"
            )
        ]
        standing: dict[str, list[str]] = {}
        for link in links:
            if link.until is None:
                standing.setdefault(link.feed, []).append(link.key)
        return EntityRecord(
            entity_id, dict(zip(fields, values, strict=True)), sources, updated, state,
            self._origins(entity_id, fields, standing),
            [record for feed, keys in standing.items() for record in self._records(feed, keys)], links,
            self._conflicts(f"entity_id = {wanted}", MOST_ROWS), self._history(entity_id),
        )  # fmt: skip

    def _origins(
        self, entity_id: str, fields: Sequence[str], standing: Mapping[str, Sequence[str]]
    ) -> dict[str, tuple[str, str, str]]:
        rows = self._engine.rows(
            f"SELECT {names(fields)} FROM {self._beside('provenance')} WHERE entity_id = {literal(entity_id)}"
        )
        found: dict[str, tuple[str, str, str]] = {}
        for called, text in zip(fields, rows[0] if rows else (), strict=False):
            feed, basis, key = [*(text or "").split(" ", 2), "", "", ""][:3]
            if feed:
                known = standing.get(feed, ())
                found[called] = (feed, basis, key or (known[0] if len(known) == 1 else ""))
        return found

    def _history(self, entity_id: str) -> list[Event]:
        wanted = literal(entity_id)
        rows = self._engine.rows(
            f"SELECT {names(_EVENT)} FROM {self._beside('history')} "
            f"WHERE entity_id = {wanted} OR other_id = {wanted} ORDER BY {name('at')} DESC LIMIT {MOST_ROWS}"
        )
        return [Event(*row) for row in rows]

    def _conflicts(self, condition: str, limit: int, skip: int = 0) -> list[Conflict]:
        rows = self._engine.rows(
            f"SELECT {names(_CONFLICT)} FROM {self._beside('conflicts')} WHERE {condition} "
            f"ORDER BY until IS NOT NULL, since DESC, conflict_id LIMIT {limit} OFFSET {skip}"
        )
        found = [dict(zip(_CONFLICT, row, strict=True)) for row in rows]
        return [Conflict(**{**row, "closed": row["closed"] or ""}) for row in found]

    def open_conflicts(self, which: Cause, *, limit: int = MOST_ROWS, skip: int = 0) -> list[Conflict]:
        """Return open conflicts of a cause."""
        return self._conflicts(which.condition(), limit, skip)

    def count_open(self, which: Cause) -> int:
        """Return how many there are."""
        rows = self._engine.rows(f"SELECT count(*) FROM {self._beside('conflicts')} WHERE {which.condition()}")
        return int(rows[0][0])

    def causes(self) -> list[tuple[str, str, str, int]]:
        """Return open conflicts by field, feed and believed feed, the most first."""
        return [
            (field_, feed, believed, count)
            for field_, feed, believed, count in self._engine.rows(
                f"SELECT field, feed, believed_feed, count(*) AS n FROM {self._beside('conflicts')} "
                "WHERE until IS NULL GROUP BY field, feed, believed_feed ORDER BY n DESC, field, feed, believed_feed"
            )
        ]

    def conflict(self, conflict_id: str) -> Conflict:
        """Return one conflict, open or not.

        Raises:
            ConflictUnknownError: if there is none.
        """
        found = self._conflicts(f"conflict_id = {literal(conflict_id)}", 1)
        if not found:
            raise ConflictUnknownError(conflict=conflict_id[:64])
        return found[0]

    def standing(self, asked: Sequence[str]) -> list[tuple[str, datetime | None, str]]:
        """Return of each conflict that is known until when it stood and how it ended."""
        if not asked:
            return []
        rows = self._engine.rows(
            f"SELECT conflict_id, until, closed FROM {self._beside('conflicts')} "
            f"WHERE conflict_id IN ({', '.join(literal(one) for one in asked)})"
        )
        return [(row[0], row[1], row[2] or "") for row in rows]


@contextmanager
def reading(
    home: Path, library: str, table: TableDefinition, feeds: Sequence[Feed], engine: Engine | None = None
) -> Iterator[Fusion]:
    """Open the last good fusion of a table.

    Args:
        home: the instance's data folder.
        library: code of the library.
        table: the table's definition.
        feeds: its sources.
        engine: where to attach it; by default one of its own, small and in process.

    Raises:
        NothingFusedError: if the table was never fused here.
        SourceAlteredError: something else wrote to it.
    """
    fused = Fused(home / "library", library, table.name)
    now = current(fused)
    if now is None:
        raise NothingFusedError(table=table.title)
    if engine is not None:
        yield Fusion(engine, fused, now, table, feeds)
        return
    folder = home / "node" / "looking"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        setting = EngineSetting(memory_mb=MEMORY_MB, threads=1)
        with open_engine(setting, Path(scratch)) as own:
            yield Fusion(own, fused, now, table, feeds)
