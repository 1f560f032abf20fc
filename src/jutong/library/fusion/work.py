"""The work ``fuse``: from standardised tables to golden records, whole or for what changed.

Everything is computed before anything is written. Then the tables beside the fused one are written, and the fused one
last; its commit is the moment from which all of it counts (see ``manifest``).
"""

# ruff: noqa: S608 - names are quoted and values literals, by engine.sql

from __future__ import annotations

import hashlib
import secrets
import time
from dataclasses import dataclass, field

from deltalake import DeltaTable

from jutong.contracts.fusion import FedCount, FuseOrder, FuseResult
from jutong.kernel.canonical import canonical_json
from jutong.library.engine import Engine
from jutong.library.engine.sql import literal, name, names, same
from jutong.library.errors import TableUnknownError
from jutong.library.fusion import changes, conflicts, identity, survivorship
from jutong.library.fusion.counting import Counts
from jutong.library.fusion.errors import FeedUnfitError
from jutong.library.fusion.linking import Answer, Kept, Question, link_records
from jutong.library.fusion.manifest import BESIDE, FUSION, Current, Fused, Manifest, alone, found, settle, untouched
from jutong.library.fusion.shapes import CONFLICTS, DECISIONS, HISTORY, LINKS, REVIEW
from jutong.library.fusion.survivorship import Plan, sql_type
from jutong.library.tables import table_path
from jutong.library.works import Place, Tell


def run(order: FuseOrder, place: Place, tell: Tell) -> FuseResult:
    """Fuse; see ``jutong.library.works`` for what a work owes.

    Raises:
        FusionUnfitError, EqualAuthorityError: the rules do not hold.
        FeedUnfitError: a standardised table is missing or is not what its feed says.
        SourceAlteredError: something else wrote to a table that takes part.
    """
    fused = Fused(place.library, order.library, order.table.name)
    if (done := found(fused, place.work_id)) is not None:
        return FuseResult.model_validate_json(canonical_json(dict(done.result)))
    plan = Plan(order.table, order.feeds, order.spec)
    plan.check()
    tell("settling", 0, 0)
    with alone(fused), place.engine() as engine:
        good = settle(fused)
        return _Fusion(order, plan, fused, good, place, tell, engine).run()


def rules_digest(order: FuseOrder) -> str:
    """Return what tells an order for the same fusion from one for another."""
    return hashlib.sha256(canonical_json(order.model_dump(mode="json", exclude={"mode", "train"}))).hexdigest()


@dataclass
class _Fusion:
    """One fusion in one engine."""

    order: FuseOrder
    plan: Plan
    fused: Fused
    good: Current | None
    place: Place
    tell: Tell
    engine: Engine
    records: dict[str, str] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    decisions: int = -1

    def __post_init__(self) -> None:
        self.now = literal(self.place.now)
        self.started = time.monotonic()
        self.rules = rules_digest(self.order)
        self.salt = self.good.manifest.salt if self.good else secrets.token_hex(16)
        asked = self.order.mode == "full" or self.order.train
        self.full = asked or self.good is None or self.good.manifest.rules != self.rules

    def run(self) -> FuseResult:
        self._attach()
        fed = self._changes()
        answer = self._link()
        self.tell("identifying", 0, 0)
        if self.full:
            self.engine.keep(
                "fu_gone",
                "SELECT l.feed, l.key FROM fu_links AS l LEFT JOIN "
                f"{answer.clusters} AS c ON c.feed = l.feed AND c.key = l.key WHERE l.until IS NULL AND c.key IS NULL",
            )
        identity.assign(self.engine, self.plan, clusters=answer.clusters, links="fu_links", salt=self.salt)
        self._before()
        records = self._number("SELECT count(*) FROM fu_assigned")
        survivorship.choose(
            self.engine, self.plan, self.records, assigned="fu_assigned", before="fu_was", count=records,
            heard=lambda done, total: self.tell("choosing", done, total),
        )  # fmt: skip
        conflicts.follow(self.engine, self.plan, salt=self.salt, moment=self.place.now)
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
            rows = self._number(f"SELECT count(*) FROM {name(self.records[feed.name])}")
            changed, left = rows, 0
            if not self.full:
                path = table_path(self.place.library, "standardised", feed.organisation_code, feed.name)
                assert self.good is not None  # noqa: S101 - not full
                was = self.good.manifest.feeds[feed.name]
                has = sorted(self.plan.has(feed))
                if changes.differences(engine, path, was, self.versions[feed.name], has, called=f"di_{number}"):
                    parts.append(f"SELECT {literal(feed.name)} AS feed, key FROM di_{number} WHERE there")
                    gone.append(f"SELECT {literal(feed.name)} AS feed, key FROM di_{number} WHERE NOT there")
                    counted = dict(engine.rows(f"SELECT there, count(*) FROM di_{number} GROUP BY there"))
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
        return [f"SELECT {side}_feed AS feed, {side}_key AS key FROM ({new}) AS d" for side in ("left", "right")]

    def _link(self) -> Answer:
        """Ask which records belong together."""
        engine = self.engine
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
            links="(SELECT entity_id, feed, key FROM fu_links WHERE until IS NULL)",
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

    def _before(self) -> None:
        """Make ``fu_was``: the golden records, as they stood, of entities that are looked at."""
        if self.full and self.good is not None and not self._reshaped():
            self.engine.attach("fu_was", self.fused.path, self.good.version)  # all of them: nothing to copy
            return
        ids = "SELECT entity_id FROM fu_assigned UNION SELECT entity_id FROM fu_mine"
        self.engine.keep("fu_was", f"SELECT * FROM fu_fused WHERE entity_id IN ({ids})")

    def _number(self, sql: str) -> int:
        number: int = self.engine.rows(sql)[0][0]
        return number

    # writing

    def _write(self, answer: Answer, fed: tuple[FedCount, ...]) -> FuseResult:
        engine = self.engine
        self._fated(answer)
        engine.keep("fu_links_new", identity.links_sql(self.now))
        fresh = self.good is None or self.full
        no_longer = "SELECT entity_id FROM fu_departed"
        stored = {
            "links": Kept("SELECT * FROM fu_links_new", ("feed", "key", "since")),
            "provenance": Kept("SELECT * FROM fu_provenance", ("entity_id",), no_longer, whole=fresh),
            "conflicts": Kept("SELECT * FROM fu_conflicts_new", ("conflict_id",)),
            "review": Kept(
                "SELECT * FROM fu_review_new", ("review_id",), "SELECT review_id FROM fu_review_gone", whole=fresh
            ),
            "history": Kept("SELECT * FROM fu_history_new", ("entity_id", "event", "other_id", "field", "at")),
            **answer.kept,
        }
        written = dict.fromkeys(BESIDE, -1) | (dict(self.good.versions) if self.good else {})
        for number, (kind, kept) in enumerate(stored.items()):
            self.tell("writing", number, len(stored) + 1)
            written[kind] = self._store(kind, kept, written[kind])
        counts = self._counted()
        result = self._result(answer, fed, counts, fresh=fresh)
        manifest = Manifest(
            rules=self.rules, salt=self.salt, feeds=self.versions, beside=written, decisions=self.decisions,
            counts=counts.kept(),
            result=result.model_dump(mode="json"),
        )  # fmt: skip
        self.tell("writing", len(stored), len(stored) + 1)
        engine.write(
            "SELECT * FROM fu_golden", self.fused.path, keys=() if fresh else ("entity_id",),
            gone="" if fresh else no_longer, commit=manifest.said(self.place.work_id),
        )  # fmt: skip
        return result

    def _store(self, kind: str, kept: Kept, version: int) -> int:
        """Write a table beside, or leave it as it is where nothing of it changes; return its version."""
        if version >= 0 and not kept.whole:
            gone = f" UNION ALL SELECT 1 FROM ({kept.gone}) AS gone" if kept.gone else ""
            if not self._number(f"SELECT count(*) FROM (SELECT 1 FROM ({kept.sql}) AS new{gone}) AS changes"):
                return version
        said = {"work_id": self.place.work_id, FUSION: self.place.work_id}
        keys, gone = ((), "") if kept.whole else (kept.keys, kept.gone)
        return self.engine.write(kept.sql, self.fused.beside(kind), keys=keys, gone=gone, commit=said)

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
            + identity.code_changes(self.plan, "fu_was")
        )
        engine.keep(
            "fu_history_new",
            f'SELECT entity_id, event, other_id, field, was, became, {self.now} AS "at", '
            f"{literal(self.place.work_id)} AS work_id FROM ({fates}) AS h",
        )
        pair = ("left_feed", "left_key", "right_feed", "right_key")
        told = " || '|' || ".join(f"r.{one}" for one in pair)
        engine.keep(
            "fu_review_new",
            f"SELECT md5({literal(self.salt)} || {told}) AS review_id, {names(pair, 'r')}, r.weight, r.cause, "
            f"r.waterfall, COALESCE(o.since, {self.now}) AS since FROM {answer.review} AS r LEFT JOIN fu_review AS o "
            f"ON {same(pair, 'o', 'r')}",
        )
        touched = "SELECT feed, key FROM fu_assigned UNION ALL SELECT feed, key FROM fu_gone"
        engine.keep(
            "fu_review_gone",
            " UNION ".join(
                f"SELECT o.review_id FROM fu_review AS o JOIN ({touched}) AS t "
                f"ON t.feed = o.{side}_feed AND t.key = o.{side}_key"
                for side in ("left", "right")
            ),
        )

    def _counted(self) -> Counts:
        engine, good = self.engine, self.good
        counts = Counts() if self.full or good is None else Counts.of(good.manifest.counts)
        counts.add(engine, self.plan, "fu_golden", "fu_provenance", 1)
        if not self.full and good is not None:
            engine.attach("fu_provenance_all", self.fused.beside("provenance"), good.versions["provenance"])
            engine.keep(
                "fu_provenance_was",
                "SELECT * FROM fu_provenance_all WHERE entity_id IN (SELECT entity_id FROM fu_was)",
            )
            counts.add(engine, self.plan, "fu_was", "fu_provenance_was", -1)
        return counts

    def _result(self, answer: Answer, fed: tuple[FedCount, ...], counts: Counts, *, fresh: bool) -> FuseResult:
        engine = self.engine
        version = DeltaTable(str(self.fused.path)).version() + 1 if self.fused.is_there() else 0
        fates = dict(engine.rows("SELECT event, count(*) FROM fu_fates GROUP BY event"))
        changed = (
            self._number("SELECT count(*) FROM fu_golden")
            if fresh
            else self._number("SELECT count(*) FROM (SELECT * FROM fu_golden EXCEPT SELECT * FROM fu_was) AS c")
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
            conflicts=conflicts.count(engine, self.plan, now=self.now),
            filled=tuple((field, count) for field, count in sorted(counts.filled.items()) if field),
            basis=tuple((*key, count) for key, count in sorted(counts.basis.items()) if count),
            card=dict(answer.card),
            seconds=round(time.monotonic() - self.started, 1),
        )

    def _reviews(self, *, fresh: bool) -> int:
        new = self._number("SELECT count(*) FROM fu_review_new")
        if fresh:
            return new
        stay = "SELECT count(*) FROM fu_review WHERE review_id NOT IN (SELECT review_id FROM fu_review_gone)"
        return new + self._number(stay)
