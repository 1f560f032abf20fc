"""The work ``fuse``: from standardised tables to golden records, whole or for what changed.

Everything is computed before anything is written. Then the tables beside the fused one are written, and the fused one
last; its commit is the moment from which all of it counts (see ``manifest``).
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from deltalake import DeltaTable

from jutong.contracts.fusion import ConflictCount, FedCount, FuseOrder, FuseResult
from jutong.kernel.canonical import canonical_json
from jutong.library.engine import Engine
from jutong.library.engine.sql import literal, name, names
from jutong.library.errors import TableUnknownError
from jutong.library.fusion import changes, identity, survivorship
from jutong.library.fusion.errors import FeedUnfitError
from jutong.library.fusion.linking import Answer, Question, link_records
from jutong.library.fusion.manifest import BESIDE, FUSION, Current, Fused, Manifest, found, settle, untouched
from jutong.library.fusion.survivorship import Plan, sql_type
from jutong.library.tables import table_path
from jutong.library.works import Place, Tell

LINKS = pa.schema(
    [("entity_id", pa.string()), ("feed", pa.string()), ("key", pa.string()), ("since", pa.timestamp("us", tz="UTC")),
     ("until", pa.timestamp("us", tz="UTC")), ("how", pa.string())]
)  # fmt: skip
CONFLICTS = pa.schema(
    [("conflict_id", pa.string()), ("entity_id", pa.string()), ("field", pa.string()), ("feed", pa.string()),
     ("key", pa.string()), ("value", pa.string()), ("changed", pa.timestamp("us", tz="UTC")),
     ("believed_feed", pa.string()), ("believed_key", pa.string()), ("believed", pa.string()),
     ("believed_changed", pa.timestamp("us", tz="UTC")), ("cause", pa.string()), ("clue", pa.string()),
     ("suggestion", pa.string()), ("since", pa.timestamp("us", tz="UTC")), ("until", pa.timestamp("us", tz="UTC")),
     ("closed", pa.string())]
)  # fmt: skip
REVIEW = pa.schema(
    [("review_id", pa.string()), ("left_feed", pa.string()), ("left_key", pa.string()), ("right_feed", pa.string()),
     ("right_key", pa.string()), ("weight", pa.float64()), ("cause", pa.string()), ("waterfall", pa.string()),
     ("since", pa.timestamp("us", tz="UTC"))]
)  # fmt: skip
HISTORY = pa.schema(
    [("entity_id", pa.string()), ("event", pa.string()), ("other_id", pa.string()), ("field", pa.string()),
     ("was", pa.string()), ("became", pa.string()), ("at", pa.timestamp("us", tz="UTC")), ("work_id", pa.string())]
)  # fmt: skip
DECISIONS = pa.schema(
    [("decision_id", pa.string()), ("left_feed", pa.string()), ("left_key", pa.string()), ("right_feed", pa.string()),
     ("right_key", pa.string()), ("verdict", pa.string()), ("ground", pa.string()), ("by", pa.string()),
     ("at", pa.timestamp("us", tz="UTC"))]
)  # fmt: skip
ALL_RECORDS = "fu_all"
"""Stands for "every record changed": a full fusion."""


def run(order: FuseOrder, place: Place, tell: Tell) -> FuseResult:
    """Fuse; see ``jutong.library.works`` for what a work owes.

    Raises:
        FusionUnfitError, EqualAuthorityError: the rules do not hold.
        FeedUnfitError: a standardised table is missing or is not what its feed says.
        SourceAlteredError: something else wrote to a table that takes part.
    """
    fused = Fused(place.library, order.library, order.table.name)
    if (done := found(fused, place.work_id)) is not None:
        return FuseResult.model_validate(_tupled(done.result))
    plan = Plan(order.table, order.feeds, order.spec)
    plan.check()
    tell("settling", 0, 0)
    good = settle(fused)
    with place.engine() as engine:
        return _Fusion(order, plan, fused, good, place, tell, engine).run()


def _tupled(told: Mapping[str, Any]) -> dict[str, Any]:
    """Return a result as it was before it became JSON."""
    return FuseResult.model_validate_json(canonical_json(dict(told))).model_dump()


def rules_digest(order: FuseOrder) -> str:
    """Return what tells an order for the same fusion from one for another."""
    return hashlib.sha256(canonical_json(order.model_dump(mode="json", exclude={"mode", "train"}))).hexdigest()


@dataclass
class _Counts:
    """What is counted over the whole table."""

    filled: dict[str, int]
    basis: dict[str, int]

    @classmethod
    def of(cls, kept: Mapping[str, Any] | None) -> _Counts:
        kept = kept or {}
        return cls(dict(kept.get("filled", {})), dict(kept.get("basis", {})))


class _Fusion:
    """One fusion in one engine."""

    def __init__(
        self, order: FuseOrder, plan: Plan, fused: Fused, good: Current | None, place: Place, tell: Tell, engine: Engine
    ) -> None:
        self.order, self.plan, self.fused, self.good = order, plan, fused, good
        self.place, self.tell, self.engine = place, tell, engine
        self.now = literal(place.now)
        self.started = time.monotonic()
        self.records: dict[str, str] = {}
        self.versions: dict[str, int] = {}
        rules = rules_digest(order)
        self.full = order.mode == "full" or order.train or good is None or good.manifest.rules != rules
        self.rules = rules
        self.salt = good.manifest.salt if good else secrets.token_hex(16)

    def run(self) -> FuseResult:
        self._attach()
        fed = self._changes()
        answer = self._link()
        self.tell("identifying", 0, 0)
        if self.full:
            self.engine.keep(
                "fu_gone",
                "SELECT l.feed, l.key FROM fu_links AS l LEFT JOIN "  # noqa: S608 - names of our own
                f"{answer.clusters} AS c ON c.feed = l.feed AND c.key = l.key WHERE l.until IS NULL AND c.key IS NULL",
            )
        identity.assign(self.engine, self.plan, clusters=answer.clusters, links="fu_links", salt=self.salt)
        records = self._number("SELECT count(*) FROM fu_assigned")
        survivorship.choose(
            self.engine, self.plan, self.records, assigned="fu_assigned", before="fu_fused", count=records,
            heard=lambda done, total: self.tell("choosing", done, total),
        )  # fmt: skip
        self._conflicts()
        return self._write(answer, fed)

    # what is there

    def _attach(self) -> None:
        engine, good = self.engine, self.good
        for feed in self.order.feeds:
            path = table_path(self.place.library, "standardised", feed.organisation_code, feed.name)
            table = f"std_{feed.name}"
            try:
                self.versions[feed.name] = engine.attach(table, path)
            except TableUnknownError as error:
                raise FeedUnfitError(feed=feed.name, reason="还没有标准化") from error
            if good is not None and feed.name in good.manifest.feeds:
                untouched(path, good.manifest.feeds[feed.name])
            there = {row.name for row in DeltaTable(str(path)).schema().fields}
            if missing := sorted({"_key", "_changed", *self.plan.has(feed)} - there):
                raise FeedUnfitError(feed=feed.name, reason=f"缺少字段 {'、'.join(missing)}")
            self.records[feed.name] = table
        versions = good.versions if good else {}
        for beside, schema in (("links", LINKS), ("conflicts", CONFLICTS), ("review", REVIEW), ("history", HISTORY)):
            if versions.get(beside, -1) >= 0:
                engine.attach(f"fu_{beside}", self.fused.beside(beside), versions[beside])
            else:
                engine.attach_rows(f"fu_{beside}", schema.empty_table())
        if good is not None and not self._reshaped():
            engine.attach("fu_fused", self.fused.path, good.version)
        else:
            self.full = True
            engine.keep("fu_fused", self._nothing())
        self.decisions = self._attach_decisions()

    def _attach_decisions(self) -> int:
        path = self.fused.beside("decisions")
        if not DeltaTable.is_deltatable(str(path)):
            self.engine.attach_rows("fu_decisions_all", DECISIONS.empty_table())
            version = -1
        else:
            version = self.engine.attach("fu_decisions_all", path)
        self.engine.keep(
            "fu_decisions",
            "SELECT left_feed, left_key, right_feed, right_key, verdict FROM (SELECT *, row_number() OVER "
            '(PARTITION BY left_feed, left_key, right_feed, right_key ORDER BY "at" DESC, decision_id DESC) AS nth '
            "FROM fu_decisions_all) AS d WHERE nth = 1",
        )
        return version

    def _reshaped(self) -> bool:
        """Tell whether the fused table has other columns than the definition now says."""
        there = [row.name for row in DeltaTable(str(self.fused.path)).schema().fields]
        return there != ["entity_id", *[field.name for field in self.plan.fields], "_sources", "_updated", "_state"]

    def _nothing(self) -> str:
        columns = ", ".join(f"CAST(NULL AS {sql_type(field)}) AS {name(field.name)}" for field in self.plan.fields)
        return (
            f"SELECT CAST(NULL AS VARCHAR) AS entity_id, {columns}, CAST(0 AS INTEGER) AS _sources, "
            "CAST(NULL AS TIMESTAMPTZ) AS _updated, CAST(NULL AS VARCHAR) AS _state WHERE FALSE"
        )

    # what changed

    def _changes(self) -> tuple[FedCount, ...]:
        """Make ``fu_changed`` and ``fu_gone``, or find that all must be looked at; return what each feed brought."""
        engine, told, parts, gone = self.engine, [], [], []
        for number, feed in enumerate(self.order.feeds):
            self.tell("comparing", number, len(self.order.feeds))
            rows = self._number(f"SELECT count(*) FROM {name(self.records[feed.name])}")  # noqa: S608 - quoted
            changed, left = rows, 0
            if not self.full:
                path = table_path(self.place.library, "standardised", feed.organisation_code, feed.name)
                assert self.good is not None  # noqa: S101 - not full
                if changes.differences(
                    engine, path, self.good.manifest.feeds[feed.name], self.versions[feed.name], sorted(self.plan.has(feed)),
                    called=f"di_{number}",
                ):  # fmt: skip
                    parts.append(f"SELECT {literal(feed.name)} AS feed, key FROM di_{number} WHERE there")  # noqa: S608
                    gone.append(f"SELECT {literal(feed.name)} AS feed, key FROM di_{number} WHERE NOT there")  # noqa: S608
                    counted = dict(engine.rows(f"SELECT there, count(*) FROM di_{number} GROUP BY there"))  # noqa: S608
                    changed, left = counted.get(True, 0), counted.get(False, 0)
                else:
                    self.full = True
            told.append(
                FedCount(
                    feed=feed.name, organisation_code=feed.organisation_code, version=self.versions[feed.name],
                    rows=rows, changed=changed, gone=left,
                )
            )  # fmt: skip
        if not self.full:
            assert self.good is not None  # noqa: S101 - not full
            engine.keep("fu_gone", " UNION ALL ".join(gone))
            engine.keep(
                "fu_changed",
                " UNION ALL ".join([*parts, *self._decided_since()]),
            )
        return tuple(told)

    def _decided_since(self) -> list[str]:
        """Return the records that people decided about since the last fusion."""
        assert self.good is not None  # noqa: S101 - not full
        before = self.good.manifest.decisions
        if before == self.decisions:
            return []
        if before >= 0:
            self.engine.attach("fu_decisions_before", self.fused.beside("decisions"), before)
            new = (
                "SELECT * FROM fu_decisions_all WHERE decision_id NOT IN (SELECT decision_id FROM fu_decisions_before)"
            )
        else:
            new = "SELECT * FROM fu_decisions_all"
        return [f"SELECT {side}_feed AS feed, {side}_key AS key FROM ({new}) AS d" for side in ("left", "right")]  # noqa: S608

    def _link(self) -> Answer:
        """Ask which records belong together."""
        engine = self.engine
        engine.keep("fu_active", "SELECT entity_id, feed, key FROM fu_links WHERE until IS NULL")
        if not self.full:
            engine.keep(
                "fu_asked",
                "SELECT DISTINCT feed, key FROM (SELECT * FROM fu_changed UNION ALL SELECT * FROM fu_gone) AS a",
            )
        question = Question(
            definition=self.order.table,
            feeds=self.order.feeds,
            records=self.records,
            versions=self.versions,
            changed="" if self.full else "fu_asked",
            links="fu_active",
            decisions="fu_decisions",
            beside={
                kind: (self.fused.beside(kind), self.good.versions[kind] if self.good else -1)
                for kind in ("prepared", "pairs", "model")
            },
            spec=self.order.linkage,
            now=self.place.now,
            tell=self.tell,
            train=self.order.train,
        )
        return link_records(engine, question)

    # conflicts and counts

    def _conflicts(self) -> None:
        """Make ``fu_conflicts_new``: the rows of the conflicts' table that begin, go on otherwise, or close."""
        feeds = " ".join(f"WHEN {number} THEN {literal(feed.name)}" for number, feed in enumerate(self.order.feeds))
        self.engine.keep(
            "co_found",
            f"SELECT entity_id, field, CASE fno {feeds} END AS feed, key, value, changed, "  # noqa: S608 - literals
            f"CASE b_fno {feeds} END AS believed_feed, b_key AS believed_key, b_value AS believed, "
            "b_changed AS believed_changed, cause, clue, suggestion FROM fu_conflicts_found",
        )
        self.engine.keep(
            "co_open",
            "SELECT o.*, a.entity_id AS entity_now, CASE WHEN g.key IS NULL THEN 0 ELSE 1 END AS gone "
            "FROM fu_conflicts AS o LEFT JOIN fu_assigned AS a ON a.feed = o.feed AND a.key = o.key "
            "LEFT JOIN fu_gone AS g ON g.feed = o.feed AND g.key = o.key "
            "WHERE o.until IS NULL AND (a.key IS NOT NULL OR g.key IS NOT NULL)",
        )
        given = "f.field || ':' || f.feed || ':' || f.key"
        body = (
            "f.value, f.changed, f.believed_feed, f.believed_key, f.believed, f.believed_changed, f.cause, f.clue, "
            "f.suggestion"
        )
        found_now = (
            f"SELECT COALESCE(o.conflict_id, md5({literal(self.salt)} || {given} || CAST({self.now} AS VARCHAR))) "  # noqa: S608
            f"AS conflict_id, f.entity_id, f.field, f.feed, f.key, {body}, COALESCE(o.since, {self.now}) AS since, "
            "CAST(NULL AS TIMESTAMPTZ) AS until, '' AS closed FROM co_found AS f "
            "LEFT JOIN co_open AS o ON o.field = f.field AND o.feed = f.feed AND o.key = f.key"
        )
        closed_now = (
            "SELECT o.conflict_id, o.entity_id, o.field, o.feed, o.key, o.value, o.changed, o.believed_feed, "  # noqa: S608
            "o.believed_key, o.believed, o.believed_changed, o.cause, o.clue, o.suggestion, o.since, "
            f"{self.now} AS until, CASE WHEN o.gone = 1 THEN 'gone' WHEN o.entity_now <> o.entity_id THEN 'settled' "
            "ELSE 'healed' END AS closed FROM co_open AS o "
            "LEFT JOIN co_found AS f ON f.field = o.field AND f.feed = o.feed AND f.key = o.key WHERE f.key IS NULL"
        )
        self.engine.keep("fu_conflicts_new", f"{found_now} UNION ALL {closed_now}")

    def _number(self, sql: str) -> int:
        number: int = self.engine.rows(sql)[0][0]
        return number

    # writing

    def _write(self, answer: Answer, fed: tuple[FedCount, ...]) -> FuseResult:
        engine, step = self.engine, iter(range(1, 100))
        self._fated(answer)
        written = dict.fromkeys(BESIDE, -1) | (dict(self.good.versions) if self.good else {})

        def beside(kind: str, sql: str, keys: tuple[str, ...], gone: str = "", *, whole: bool = False) -> None:
            self.tell("writing", next(step), len(BESIDE) + 1)
            said = {"work_id": self.place.work_id, FUSION: self.place.work_id}
            written[kind] = engine.write(
                sql, self.fused.beside(kind), keys=() if whole else keys, gone="" if whole else gone, commit=said
            )

        fresh = self.good is None or self.full
        links = identity.links_sql(self.now)
        beside("links", links, ("feed", "key", "since"))
        no_longer = "SELECT entity_id FROM fu_departed"
        beside("provenance", "SELECT * FROM fu_provenance", ("entity_id",), no_longer, whole=fresh)
        beside("conflicts", "SELECT * FROM fu_conflicts_new", ("conflict_id",))
        beside(
            "review", "SELECT * FROM fu_review_new", ("review_id",), "SELECT review_id FROM fu_review_gone", whole=fresh
        )
        beside("history", "SELECT * FROM fu_history_new", ("entity_id", "event", "other_id", "field", "at"))
        for kind, kept in answer.kept.items():
            beside(kind, kept.sql, kept.keys, kept.gone, whole=kept.whole)
        counts = self._counted()
        result = self._result(answer, fed, counts, fresh=fresh)
        manifest = Manifest(
            rules=self.rules, salt=self.salt, feeds=self.versions, beside=written, decisions=self.decisions,
            counts={"filled": counts.filled, "basis": counts.basis, "entities": result.entities, "records": result.records},
            result=result.model_dump(mode="json"),
        )  # fmt: skip
        self.tell("writing", len(BESIDE) + 1, len(BESIDE) + 1)
        engine.write(
            "SELECT * FROM fu_golden", self.fused.path, keys=() if fresh else ("entity_id",),
            gone="" if fresh else no_longer, commit=manifest.said(self.place.work_id),
        )  # fmt: skip
        return result

    def _fated(self, answer: Answer) -> None:
        """Make what is told of entities and of pairs that wait."""
        engine = self.engine
        # An entity that merged, is gone, or has no record in what was looked at any more.
        engine.keep(
            "fu_departed",
            "SELECT DISTINCT m.entity_id FROM fu_mine AS m LEFT JOIN fu_golden AS g ON g.entity_id = m.entity_id "
            "WHERE m.until IS NULL AND g.entity_id IS NULL",
        )
        fates = (
            "SELECT entity_id, event, other_id, '' AS field, '' AS was, '' AS became FROM fu_fates UNION ALL "
            + identity.code_changes(self.plan, "fu_fused")
        )
        engine.keep(
            "fu_history_new",
            f'SELECT entity_id, event, other_id, field, was, became, {self.now} AS "at", '  # noqa: S608 - put together of our own
            f"{literal(self.place.work_id)} AS work_id FROM ({fates}) AS h",
        )
        pair = "left_feed, left_key, right_feed, right_key"
        told = "r.left_feed || '|' || r.left_key || '|' || r.right_feed || '|' || r.right_key"
        engine.keep(
            "fu_review_new",
            f"SELECT md5({literal(self.salt)} || {told}) AS review_id, {names(pair.split(', '), 'r')}, r.weight, r.cause, "  # noqa: S608
            f"r.waterfall, COALESCE(o.since, {self.now}) AS since FROM {answer.review} AS r LEFT JOIN fu_review AS o ON "
            "o.left_feed = r.left_feed AND o.left_key = r.left_key AND o.right_feed = r.right_feed "
            "AND o.right_key = r.right_key",
        )
        touched = "SELECT feed, key FROM fu_assigned UNION ALL SELECT feed, key FROM fu_gone"
        engine.keep(
            "fu_review_gone",
            "SELECT DISTINCT o.review_id FROM fu_review AS o JOIN "  # noqa: S608 - our own
            f"({touched}) AS t ON t.feed = o.left_feed AND t.key = o.left_key UNION "
            f"SELECT o.review_id FROM fu_review AS o JOIN ({touched}) AS t ON t.feed = o.right_feed AND t.key = o.right_key",
        )

    def _counted(self) -> _Counts:
        """Count values and why they stand, over the whole table."""
        counts = _Counts.of(None if self.full or self.good is None else self.good.manifest.counts)
        self._add(counts, "fu_golden", "fu_provenance", 1)
        if not self.full and self.good is not None:
            self.engine.keep("fu_replaced", "SELECT entity_id FROM fu_golden UNION SELECT entity_id FROM fu_departed")
            self.engine.attach("fu_provenance_was", self.fused.beside("provenance"), self.good.versions["provenance"])
            only = "(SELECT * FROM {0} WHERE entity_id IN (SELECT entity_id FROM fu_replaced))"
            self._add(counts, only.format("fu_fused"), only.format("fu_provenance_was"), -1)
        return counts

    def _add(self, counts: _Counts, golden: str, provenance: str, sign: int) -> None:
        fields = [field.name for field in self.plan.fields]
        said = ", ".join(f"count({name(field)})" for field in fields)
        row = self.engine.rows(f"SELECT {said}, count(*) FROM {golden} AS g")[0]  # noqa: S608 - names are quoted
        for field, count in zip([*fields, ""], row, strict=True):
            counts.filled[field] = counts.filled.get(field, 0) + sign * count
        for field in fields:
            told = f"split_part({name(field)}, ' ', 2)"
            for basis, count in self.engine.rows(
                f"SELECT {told}, count(*) FROM {provenance} AS p WHERE {name(field)} IS NOT NULL GROUP BY {told}"  # noqa: S608
            ):
                counts.basis[f"{field} {basis}"] = counts.basis.get(f"{field} {basis}", 0) + sign * count

    def _result(self, answer: Answer, fed: tuple[FedCount, ...], counts: _Counts, *, fresh: bool) -> FuseResult:
        engine = self.engine
        version = DeltaTable(str(self.fused.path)).version() + 1 if self.fused.is_there() else 0
        fates = dict(engine.rows("SELECT event, count(*) FROM fu_fates GROUP BY event"))
        changed = (
            self._number("SELECT count(*) FROM fu_golden")
            if fresh
            else self._number("SELECT count(*) FROM (SELECT * FROM fu_golden EXCEPT SELECT * FROM fu_fused) AS c")
        )
        return FuseResult(
            version=version,
            full=self.full,
            records=sum(one.rows for one in fed),
            entities=counts.filled[""],
            changed=changed,
            created=self._number("SELECT count(*) FROM id_new"),
            merged=fates.get("merged", 0),
            split=fates.get("split", 0),
            gone=fates.get("gone", 0),
            ended=self._number("SELECT count(*) FROM fu_history_new WHERE event = 'state' AND was = 'active'"),
            reviews=self._reviews(fresh=fresh),
            feeds=fed,
            conflicts=self._conflict_counts(),
            filled=tuple((field, count) for field, count in sorted(counts.filled.items()) if field),
            basis=tuple((*key.split(" "), count) for key, count in sorted(counts.basis.items()) if count),
            card=dict(answer.card),
            seconds=round(time.monotonic() - self.started, 1),
        )

    def _reviews(self, *, fresh: bool) -> int:
        new = self._number("SELECT count(*) FROM fu_review_new")
        if fresh:
            return new
        stay = "SELECT count(*) FROM fu_review WHERE review_id NOT IN (SELECT review_id FROM fu_review_gone)"
        return new + self._number(stay)

    def _conflict_counts(self) -> tuple[ConflictCount, ...]:
        """Return how many conflicts there are after this fusion, by field, department and whom was believed."""
        whose = {feed.name: feed.organisation_code for feed in self.order.feeds}
        rows = self.engine.rows(
            "SELECT field, feed, believed_feed, cause, sum(CASE WHEN until IS NULL THEN 1 ELSE 0 END), "  # noqa: S608
            f"sum(CASE WHEN since = {self.now} THEN 1 ELSE 0 END), sum(CASE WHEN until = {self.now} THEN 1 ELSE 0 END) "
            "FROM (SELECT field, feed, believed_feed, cause, since, until FROM fu_conflicts_new UNION ALL "
            "SELECT field, feed, believed_feed, cause, since, until FROM fu_conflicts AS o WHERE until IS NULL "
            "AND conflict_id NOT IN (SELECT conflict_id FROM fu_conflicts_new)) AS c "
            "GROUP BY field, feed, believed_feed, cause"
        )
        counts: dict[tuple[str, str, str, str], list[int]] = {}
        for field, feed, believed, cause, *numbers in rows:
            key = (field, whose.get(feed, feed), whose.get(believed, believed), cause)
            counts[key] = [old + new for old, new in zip(counts.get(key, [0, 0, 0]), numbers, strict=True)]
        return tuple(
            ConflictCount(
                field=field, organisation_code=code, believed_code=believed, cause=cause, open=int(left),
                opened=int(opened), closed=int(closed),
            )
            for (field, code, believed, cause), (left, opened, closed) in sorted(counts.items())
        )  # fmt: skip
