"""Quality as people may see it: scores and counts by everybody who may use the data, rows by nobody here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import Count, F, Max, QuerySet, Sum

from jutong.center.clocks import queries as clocks
from jutong.center.clocks.queries import ClockView
from jutong.center.org.actor import Actor
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import NOBODY, has, require
from jutong.center.quality.actions.findings import SUBJECT, sides_of
from jutong.center.quality.enums import FindingState, StewardRuleState
from jutong.center.quality.models import CheckedTable, Finding, QualityRun, RuleFigure, StewardRule
from jutong.center.quality.orders import order_of, profile_of
from jutong.center.quality.rules import FINDINGS, LASTING, OPEN, PERIOD
from jutong.center.quality.words import sentence
from jutong.contracts.quality import OF_TABLE, CheckedField, FieldProfile
from jutong.kernel.clock import BEIJING, civil_date
from jutong.kernel.errors import NotFoundError
from jutong.standards.quality import WHOLE, Dimension, Indicator, mean, scheme

TREND_DAYS = 183
MOST_CAUSES = 20
MOST_ELEMENTS = 50


@dataclass(frozen=True, slots=True)
class Part:
    """The score of a department or an element, with what stands behind it."""

    code: str
    name: str
    score: int
    tables: int
    rows: int
    findings: int = 0


@dataclass(frozen=True, slots=True)
class Cause:
    """Findings of one kind about one element: how many tables have it, how many rows, how often it came back."""

    cause: str
    label: str
    tables: int
    rows: int
    times: int
    example: Finding


@dataclass(frozen=True, slots=True)
class Asked:
    """One rule of a run with its count. ``share`` is A of B in parts of ten thousand."""

    figure: RuleFigure
    text: str
    basis: str
    own: bool
    opens: bool

    @property
    def share(self) -> int:
        """Rows that keep the rule, in parts of ten thousand; -1 where it spoke of none."""
        figure = self.figure
        return (figure.evaluated - figure.failed) * WHOLE // figure.evaluated if figure.evaluated else -1


@dataclass(frozen=True, slots=True)
class OpenedIndicator:
    """An indicator with its figures and the rules that went into it."""

    indicator: Indicator
    a: int
    b: int
    score: int
    rules: list[Asked]


@dataclass(frozen=True, slots=True)
class OpenedDimension:
    """A dimension with its indicators that have figures, and the worst of its rules."""

    dimension: Dimension
    score: int
    indicators: list[OpenedIndicator]
    worst: Asked | None


@dataclass(frozen=True, slots=True)
class FindingView:
    """A finding in words, with its clock."""

    finding: Finding
    text: str
    clock: ClockView | None


@dataclass(frozen=True, slots=True)
class Report:
    """The quality report of one table."""

    checked: CheckedTable
    run: QualityRun | None
    dimensions: list[OpenedDimension]
    rules: list[Asked]
    trend: list[tuple[date, int]]
    findings: list[FindingView]
    profile: list[tuple[CheckedField, FieldProfile]]
    own: bool
    can: frozenset[str] = field(default_factory=frozenset)


def tables(actor: Actor) -> QuerySet[CheckedTable]:
    """Return the tables that are checked, those with the lowest score first.

    Raises:
        ForbiddenError: for a post that sees no reports.
    """
    require(actor, Permission.QUALITY_REPORT_VIEW)
    rows = CheckedTable.objects.select_related("organisation", "table__library", "feed")
    return rows.order_by(F("score").asc(nulls_last=True), "title")


def table(actor: Actor, checked_id: UUID | str) -> CheckedTable:
    """Return one checked table.

    Raises:
        NotFoundError: if there is none.
    """
    try:
        found = tables(actor).select_related("table__library__node").filter(id=checked_id).first()
    except (ValueError, ValidationError):
        found = None
    if found is None:
        raise NotFoundError(what=str(checked_id))
    return found


def departments(actor: Actor) -> list[Part]:
    """Return the score of each department: the mean over its tables, weighted by their rows."""
    parts: dict[str, list[CheckedTable]] = {}
    for row in tables(actor).filter(score__isnull=False):
        parts.setdefault(row.organisation.code, []).append(row)
    open_ = dict(
        Finding.objects.filter(state__in=OPEN).order_by().values_list("organisation__code").annotate(n=Count("pk"))
    )
    found = [
        Part(
            code, rows[0].organisation.short_name, mean((row.score or 0, row.rows or 1) for row in rows), len(rows),
            sum(row.rows or 0 for row in rows), open_.get(code, 0),
        )
        for code, rows in parts.items()
    ]  # fmt: skip
    return sorted(found, key=lambda part: (part.score, part.code))


def elements(actor: Actor, names: dict[str, str]) -> list[Part]:
    """Return the score of each data element over the newest runs: values that keep every rule's ask, of those asked."""
    require(actor, Permission.QUALITY_REPORT_VIEW)
    rows = (
        RuleFigure.objects.filter(run__newest=True)
        .exclude(element="")
        .order_by()
        .values("element")
        .annotate(
            asked=Sum("evaluated"), broken=Sum("failed"), tables=Count("run", distinct=True), rows=Max("run__rows")
        )
    )
    found = [
        Part(
            row["element"], names.get(row["element"], row["element"]),
            (row["asked"] - row["broken"]) * WHOLE // row["asked"], row["tables"], row["broken"],
        )
        for row in rows
        if row["asked"]
    ]  # fmt: skip
    return sorted(found, key=lambda part: (part.score, part.code))[:MOST_ELEMENTS]


def overall(actor: Actor) -> tuple[int, int]:
    """Return the score over all tables weighted by rows, -1 where there is none, and the open findings."""
    rows = tables(actor).filter(score__isnull=False).values_list("score", "rows")
    return mean((score or 0, count or 1) for score, count in rows), Finding.objects.filter(state__in=OPEN).count()


def causes(actor: Actor) -> list[Cause]:
    """Return what recurs: open findings grouped by the kind of rule and the element, those in most tables first."""
    require(actor, Permission.QUALITY_REPORT_VIEW)
    groups = (
        Finding.objects.filter(state__in=OPEN)
        .order_by()
        .values("cause")
        .annotate(tables=Count("checked", distinct=True), rows=Sum("failed"), times=Max("times"), newest=Max("number"))
        .order_by("-tables", "-rows")[:MOST_CAUSES]
    )
    listed = list(groups)
    examples = {
        row.number: row
        for row in Finding.objects.filter(number__in=[group["newest"] for group in listed]).select_related("checked")
    }
    return [
        Cause(
            group["cause"], _text(examples[group["newest"]]), group["tables"], group["rows"], group["times"],
            examples[group["newest"]],
        )
        for group in listed
    ]  # fmt: skip


def report(actor: Actor, checked: CheckedTable, now: datetime, run_id: str = "") -> Report:
    """Return the report of a table as its newest check found it, or an earlier one.

    Raises:
        NotFoundError: if there was no such check.
    """
    run = _run(checked, run_id)
    own = checked.organisation_id == (actor.organisation_id or NOBODY)
    found = findings(actor, now, checked=checked)
    can = {
        name
        for name, permission, mine in (
            ("check", Permission.QUALITY_TABLE_CHECK, own or has(actor, Permission.QUALITY_FINDING_ACCEPT)),
            ("rows", Permission.QUALITY_ROWS_OPEN, own),
            ("rule", Permission.QUALITY_RULE_EDIT, own),
        )
        if mine and has(actor, permission)
    }
    if run is None:
        return Report(checked, None, [], [], [], found, [], own, frozenset(can))
    order = order_of(run)
    titles = {one.name: one.title for one in order.fields}
    bodies = {rule.id: rule for rule in order.rules}
    asked = [
        Asked(
            figure, sentence(bodies[figure.rule].model_dump(mode="json"), titles), bodies[figure.rule].basis,
            figure.rule.startswith("own."), figure.failed > 0 and figure.kind not in OF_TABLE,
        )
        for figure in run.figures.all()
        if figure.rule in bodies
    ]  # fmt: skip
    named = {one.name: one for one in order.fields}
    profile = [(named[one.name], one) for one in profile_of(run) if one.name in named]
    return Report(checked, run, _opened(run, asked), asked, trend(checked, now), found, profile, own, frozenset(can))


def _run(checked: CheckedTable, run_id: str) -> QualityRun | None:
    if not run_id:
        return checked.runs.filter(newest=True).first()
    try:
        found = checked.runs.filter(id=run_id).first()
    except (ValueError, ValidationError):
        found = None
    if found is None:
        raise NotFoundError(what=run_id)
    return found


def _opened(run: QualityRun, asked: list[Asked]) -> list[OpenedDimension]:
    way = scheme()
    dimensions = {row.code: row for row in way.dimensions}
    indicators = {row.code: row for row in way.indicators}
    found = []
    for kept in run.dimensions:
        inside = [
            OpenedIndicator(
                indicators[one["code"]], one["a"], one["b"], one["score"],
                [rule for rule in asked if rule.figure.indicator == one["code"]],
            )
            for one in kept["indicators"]
            if one["code"] in indicators and one["b"]
        ]  # fmt: skip
        broken = [rule for one in inside for rule in one.rules if rule.figure.failed]
        worst = max(broken, key=lambda rule: rule.figure.failed, default=None)
        if kept["code"] in dimensions:
            found.append(OpenedDimension(dimensions[kept["code"]], kept["score"], inside, worst))
    return found


def trend(checked: CheckedTable, now: datetime) -> list[tuple[date, int]]:
    """Return the last score of each day a table was checked on, half a year back."""
    since = now - timedelta(days=TREND_DAYS)
    rows = checked.runs.filter(checked_at__gte=since, score__isnull=False).order_by("checked_at")
    by_day = {at.astimezone(BEIJING).date(): score for at, score in rows.values_list("checked_at", "score")}
    return [(day, score) for day, score in by_day.items() if score is not None]


def findings(
    actor: Actor, now: datetime, *, checked: CheckedTable | None = None, state: str = "open", most: int = 100
) -> list[FindingView]:
    """Return findings with their clocks, the oldest first; ``state`` is ``open``, ``closed`` or empty for all.

    Raises:
        ForbiddenError: for a post that sees no reports.
    """
    require(actor, Permission.QUALITY_REPORT_VIEW)
    rows = Finding.objects.select_related("checked", "organisation")
    if checked is not None:
        rows = rows.filter(checked=checked)
    if state == "open":
        rows = rows.filter(state__in=LASTING)
    elif state == "closed":
        rows = rows.filter(state=FindingState.CLOSED)
    return _with_clocks(list(rows.order_by("opened_at", "id")[:most]), now)


def _with_clocks(rows: list[Finding], now: datetime) -> list[FindingView]:
    known = clocks.for_subjects(SUBJECT, [row.id for row in rows])
    days, today = clocks.calendar() if known else None, civil_date(now)
    found = []
    for row in rows:
        clock = known.get((PERIOD, str(row.id)))
        found.append(FindingView(row, _text(row), clocks.clock_view(clock, today, days=days) if clock else None))
    return found


def _text(finding: Finding) -> str:
    definition = finding.checked.table.definition
    return sentence(finding.body, {one["name"]: one["title"] for one in definition["fields"]})


def finding(actor: Actor, number: str, now: datetime) -> tuple[FindingView, frozenset[str]]:
    """Return a finding and what the actor may do about it.

    Raises:
        NotFoundError: if there is none.
        ForbiddenError: for a post that sees no reports.
    """
    require(actor, Permission.QUALITY_REPORT_VIEW)
    found = (
        Finding.objects.select_related("checked__table", "checked__feed", "organisation").filter(number=number).first()
    )
    if found is None:
        raise NotFoundError(what=number)
    sides = sides_of(found, actor)
    can = {
        row.event.value
        for row in FINDINGS.rows
        if row.state == found.state
        for who in row.who
        if who.side in sides and who.permission is not None and has(actor, who.permission)
    }
    [view] = _with_clocks([found], now)
    return view, frozenset(can)


def own_rule(actor: Actor, rule_id: UUID) -> StewardRule:
    """Return a steward's rule of one of the actor's own tables.

    Raises:
        NotFoundError: if there is none.
    """
    require(actor, Permission.QUALITY_RULE_EDIT)
    found = StewardRule.objects.select_related("checked").filter(
        id=rule_id, checked__organisation_id=actor.organisation_id or NOBODY
    )
    rule = found.first()
    if rule is None:
        raise NotFoundError(what=str(rule_id))
    return rule


def steward_rules(actor: Actor, checked: CheckedTable) -> QuerySet[StewardRule]:
    """Return what was added to a table's rules, retired ones last."""
    require(actor, Permission.QUALITY_REPORT_VIEW)
    return checked.steward_rules.exclude(state=StewardRuleState.RETIRED).select_related("made_by")


def overdue_of_entry(entry_ids: Iterable[UUID], on: date) -> dict[UUID, list[str]]:
    """Return the numbers of findings past their day, by the entry whose register they were found in.

    An agreement promises quality; a finding that is being put right in time breaks no promise.
    """
    rows = list(
        Finding.objects.filter(state__in=OPEN, checked__feed__entry__in=list(entry_ids)).values_list(
            "checked__feed__entry", "id", "number"
        )
    )
    if not rows:
        return {}
    known: dict[Any, Any] = clocks.for_subjects(SUBJECT, [row[1] for row in rows])
    late: dict[UUID, list[str]] = {}
    for entry, finding_id, number in rows:
        clock = known.get((PERIOD, str(finding_id)))
        if clock is not None and clock.due_on < on:
            late.setdefault(entry, []).append(number)
    return late
