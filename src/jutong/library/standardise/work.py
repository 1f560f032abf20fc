"""Work ``standardise``: bring a landed table into the form of the library table that it fills.

What is committed says which landed version it was made of and by which rules. As long as the rules are the same, the
next run reads of the landed table only the files that came and those that went; their rows that are not just the same
are standardised and merged by key. Where a key is in more than one landed row, the newest counts, for which the whole
table has to be seen; so it has where many rows changed.
"""

# ruff: noqa: S608 - names are quoted and values literals, by engine.sql

from __future__ import annotations

import hashlib
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deltalake.exceptions import DeltaError

from jutong.contracts.library import Feed
from jutong.contracts.standardising import ProblemCount, StandardiseOrder, StandardiseResult
from jutong.kernel.canonical import canonical_json
from jutong.library.engine import Engine
from jutong.library.engine.delta import Files, files_of, said_of, version_of
from jutong.library.engine.errors import TableTouchedError
from jutong.library.engine.sql import alike, name, names
from jutong.library.standardise.compiled import KEY, PROBLEMS, Compiled, compiled
from jutong.library.tables import table_path
from jutong.library.works import Place, Tell

RULES = 1
"""Counted up when the same order would make other rows than before."""

MOST_CHANGED = 0.5
"""With a greater share of rows changed it is quicker to do all anew."""

LANDED, CAME, WENT, ROWS, REPEATED = "_landed", "_came", "_went", "_rows", "_repeated"
STEPS = 3


@dataclass(frozen=True)
class _Found:
    """What was written. ``keyless`` and ``repeated`` stand for the whole landed table."""

    version: int
    landed_version: int
    repeated: int
    keyless: int
    full: bool
    written: int
    gone: int


def run(order: StandardiseOrder, place: Place, tell: Tell) -> StandardiseResult:
    """Standardise a landed table; see the module.

    Raises:
        TableUnknownError: nothing landed yet.
        FeedUnfitError: the feed does not fit the landed table or the library's.
        DiskFullError: the disk takes no more; the standardised table is as it was.
    """
    began = time.monotonic()
    feed = order.feed
    landed = table_path(place.library, "landed", feed.organisation_code, feed.landed)
    path = table_path(place.library, "standardised", feed.organisation_code, feed.name)
    found = _earlier(path, place.work_id)
    with place.engine() as engine:
        tell("reading", 0, STEPS)
        if found is None:
            found = _Standardising(order, place, engine, landed, path).run(tell)
        tell("counting", STEPS, STEPS)
        engine.attach(ROWS, path, found.version)
        rows, problems = _counted(engine)
    return StandardiseResult(
        version=found.version,
        landed_version=found.landed_version,
        rows=rows,
        repeated=found.repeated,
        keyless=found.keyless,
        with_problems=problems.pop(("", ""), 0),
        problems=tuple(
            ProblemCount(field=field, problem=problem, rows=count)  # type: ignore[arg-type]  # of our own writing
            for (field, problem), count in sorted(problems.items())
        ),
        full=found.full,
        written=found.written,
        gone=found.gone,
        seconds=round(time.monotonic() - began, 3),
    )


def _earlier(path: Path, work_id: str) -> _Found | None:
    """Return what an earlier try of the work committed."""
    version = version_of(path, work_id=work_id)
    if version is None:
        return None
    said = said_of(path, version)
    return _Found(
        version, said["landed_version"], said["repeated"], said["keyless"], said["full"],
        said["rows"] if said["full"] else said["inserted"] + said["updated"], said["deleted"],
    )  # fmt: skip


def _counted(engine: Engine) -> tuple[int, Counter[tuple[str, str]]]:
    """Return the rows of the table, and how many have which problem; under ``("", "")`` those that have any."""
    counts: Counter[tuple[str, str]] = Counter()
    rows = 0
    for told, count in engine.rows(f"SELECT {PROBLEMS}, count(*) AS n FROM {ROWS} GROUP BY {PROBLEMS}"):
        rows += count
        counts[("", "")] += count if told else 0
        for one in told.split():
            field, _, problem = one.partition(":")
            counts[(field, problem)] += count
    return rows, counts


class _Standardising:
    def __init__(self, order: StandardiseOrder, place: Place, engine: Engine, landed: Path, path: Path) -> None:
        self._order, self._place, self._engine = order, place, engine
        self._landed_path, self._path = landed, path
        self._now = files_of(landed)
        self._made: Compiled = compiled(order.table, order.feed, self._now.schema, order.codes)
        self._rules = _rules(order, self._now)

    def run(self, tell: Tell) -> _Found:
        for called, rows in self._made.codes.items():
            self._engine.attach_rows(called, rows)
        before = self._before() if self._order.mode == "changes" else None
        if before is not None and (changes := self._changes(before, tell)) is not None:
            return changes
        return self._whole(tell)

    def _before(self) -> dict[str, Any] | None:
        """Return what the newest commit says, if the next can be made of what changed since."""
        version = version_of(self._path, rules=self._rules)
        stands = _files(self._path) if version is not None else None
        if version is None or stands is None or stands.version != version:
            return None  # other rules, somebody else's commit since, or a file of it is damaged
        said = said_of(self._path, version)
        return said if said["repeated"] == 0 and said["landed_version"] <= self._now.version else None

    def _whole(self, tell: Tell) -> _Found:
        engine, made = self._engine, self._made
        engine.attach(LANDED, self._landed_path, self._now.version)
        engine.keep(
            REPEATED,
            f"SELECT {KEY}, count(*) AS n FROM ({made.keyed(LANDED)}) AS k GROUP BY {KEY} "
            f"HAVING count(*) > 1 OR {KEY} IS NULL",
        )
        keyless = _one(engine, f"SELECT coalesce(sum(n), 0) AS n FROM {REPEATED} WHERE {KEY} IS NULL")
        repeated = _one(engine, f"SELECT coalesce(sum(n - 1), 0) AS n FROM {REPEATED} WHERE {KEY} IS NOT NULL")
        tell("standardising", 1, STEPS)
        version = engine.write(self._once(repeated), self._path, commit=self._said(repeated, keyless, full=True))
        written = _one_of(self._path, version, "rows")
        return _Found(version, self._now.version, repeated, keyless, full=True, written=written, gone=0)

    def _once(self, repeated: int) -> str:
        """Return the statement for all rows, of those with one key only the newest."""
        sql = f"SELECT * FROM ({self._made.select(LANDED)}) AS _all WHERE {KEY} IS NOT NULL"
        if not repeated:
            return sql
        columns = names(self._made.columns)
        others = ", ".join(f"{name(one)} DESC NULLS LAST" for one in self._made.columns if one != KEY)
        again = f"EXISTS (SELECT 1 FROM {REPEATED} AS _r WHERE _r.{KEY} = _o.{KEY})"
        self._engine.keep(ROWS, f"SELECT * FROM ({sql}) AS _o WHERE {again}")
        newest = (
            f"SELECT {columns} FROM (SELECT *, row_number() OVER (PARTITION BY {KEY} ORDER BY {others}) AS _place "
            f"FROM {ROWS}) AS _n WHERE _place = 1"
        )
        return f"SELECT {columns} FROM ({sql}) AS _o WHERE NOT {again} UNION ALL {newest}"

    def _changes(self, before: dict[str, Any], tell: Tell) -> _Found | None:
        """Standardise what came and take out what went; None where the whole has to be seen."""
        engine, then = self._engine, _files(self._landed_path, before["landed_version"])
        if then is None or then.schema != self._now.schema:
            return None
        engine.attach_files("_came_files", _only(self._now, then), self._now.schema)
        engine.attach_files("_went_files", _only(then, self._now), self._now.schema)
        key, columns = name(self._order.feed.key), self._now.schema.names
        came, went = (f"(SELECT * FROM {one} WHERE {self._made.current})" for one in ("_came_files", "_went_files"))
        engine.keep(
            CAME,
            f"SELECT {names(columns, '_c')} FROM {came} AS _c LEFT JOIN {went} AS _w ON _c.{key} = _w.{key} "
            f"WHERE _w.{key} IS NULL OR NOT ({alike(columns, '_c', '_w')})",
        )
        if _one(engine, f"SELECT count(*) AS n FROM {CAME}") > self._now.rows * MOST_CHANGED:
            return None
        engine.keep(
            WENT,
            f"SELECT {names(columns, '_w')} FROM {went} AS _w "
            f"WHERE NOT EXISTS (SELECT 1 FROM {came} AS _c WHERE _c.{key} = _w.{key}) "
            f"OR EXISTS (SELECT 1 FROM {CAME} AS _n WHERE _n.{key} = _w.{key})",
        )
        tell("standardising", 1, STEPS)
        engine.keep(ROWS, self._made.select(CAME))
        engine.keep("_went_keys", f"SELECT DISTINCT {KEY} FROM ({self._made.keyed(WENT)}) AS k WHERE {KEY} IS NOT NULL")
        if self._meets(before):
            return None
        tell("writing", 2, STEPS)
        version = engine.write(
            f"SELECT * FROM {ROWS}", self._path, keys=(KEY,), gone="SELECT * FROM _went_keys",
            commit=self._said(0, before["keyless"], full=False),
        )  # fmt: skip
        said = said_of(self._path, version)
        written = said["inserted"] + said["updated"]
        return _Found(
            version, self._now.version, 0, before["keyless"], full=False, written=written, gone=said["deleted"]
        )

    def _meets(self, before: dict[str, Any]) -> bool:
        """Tell whether a row that came has no key, or one that another row has: then only the whole table tells."""
        engine = self._engine
        engine.attach("_stands", self._path)
        twice = f"SELECT {KEY} FROM {ROWS} GROUP BY {KEY} HAVING count(*) > 1 OR {KEY} IS NULL"
        there = (
            f"SELECT n.{KEY} FROM {ROWS} AS n JOIN _stands AS s ON n.{KEY} = s.{KEY} "
            f"WHERE NOT EXISTS (SELECT 1 FROM _went_keys AS w WHERE w.{KEY} = n.{KEY})"
        )
        keyless_went = f"SELECT {KEY} FROM ({self._made.keyed(WENT)}) AS k WHERE {KEY} IS NULL"
        return any(_one(engine, f"SELECT count(*) AS n FROM ({sql}) AS found") for sql in (twice, there, keyless_went))

    def _said(self, repeated: int, keyless: int, *, full: bool) -> dict[str, Any]:
        return {
            "work_id": self._place.work_id, "rules": self._rules, "landed_version": self._now.version,
            "repeated": repeated, "keyless": keyless, "full": full,
        }  # fmt: skip


def _files(path: Path, version: int | None = None) -> Files | None:
    """Return the files of a version; None where they are not all there any more."""
    try:
        return files_of(path, version)
    except (TableTouchedError, DeltaError):
        return None


def _only(these: Files, others: Files) -> tuple[Path, ...]:
    return tuple(sorted(set(these.paths) - set(others.paths)))


def _rules(order: StandardiseOrder, landed: Files) -> str:
    """Return the digest of all that decides what a landed row becomes."""
    feed: Feed = order.feed
    filled = [name_ for name_, _ in feed.columns]
    told = {
        "rules": RULES,
        "fields": [field.model_dump(mode="json") for field in order.table.fields if field.name in filled],
        "columns": feed.columns,
        "key": feed.key,
        "changed": feed.changed,
        "codes": [one.model_dump(mode="json") for one in order.codes],
        "landed": [[field.name, str(field.type)] for field in landed.schema],
    }
    return hashlib.sha256(canonical_json(told)).hexdigest()


def _one(engine: Engine, sql: str) -> int:
    return int(engine.rows(sql)[0][0])


def _one_of(path: Path, version: int, what: str) -> int:
    found: int = said_of(path, version)[what]
    return found
