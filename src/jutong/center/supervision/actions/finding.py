"""Writing down what a rule found, opening the case and handing it to whoever judges."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import transaction

from jutong.center.audit import actions as audit
from jutong.center.clocks import actions as clocks
from jutong.center.clocks.models import StatutoryClock
from jutong.center.clocks.queries import calendar
from jutong.center.org.actor import Actor
from jutong.center.org.authorities import judge_of
from jutong.center.org.enums import Role
from jutong.center.org.models import Organisation
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import require
from jutong.center.sharing.models import Violation
from jutong.center.sharing.numbers import next_number
from jutong.center.supervision.actions import _common as common
from jutong.center.supervision.enums import CaseEvent, CaseState
from jutong.center.supervision.models import Case
from jutong.center.supervision.rules import HEARING_DAYS, JUDGE_PERIOD
from jutong.kernel.calendar import CalendarYearMissingError
from jutong.kernel.clock import civil_date
from jutong.kernel.i18n import gettext_noop
from jutong.standards.violations import by_period, offences

logger = logging.getLogger(__name__)
LETTERS = "WG"
CLOCK = "clock-breach"
"""The detector of breached clocks."""
MOST_EVIDENCE = 20
BREACH = gettext_noop("“{label}”应于{due}办结，到期没有办结（{period}）。")
OLD = gettext_noop("平台记录的违规：{label}。")
_HEAR = gettext_noop("{number}：平台发现贵单位可能“{name}”，请在{until}前陈述情况。")
_JUDGE = gettext_noop("{number}：{who}可能“{name}”，请核实。")


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that shows a violation: a record, a clock, an entry, and where it can be read."""

    kind: str
    id: str
    label: str
    link: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found: the same ``code``, ``subject_kind`` and ``subject_id`` are one violation for good."""

    code: str
    organisation: Organisation
    subject_kind: str
    subject_id: str
    label: str
    detector: str
    text: str
    fields: dict[str, str] = field(default_factory=dict)
    evidence: tuple[Evidence, ...] = ()


@transaction.atomic
def record(*, finding: Finding, by: Actor, now: datetime) -> Case | None:
    """Write a violation down with its evidence, open its case and offer it; None where it is on record already.

    Raises:
        ForbiddenError: for people; they report instead.
    """
    require(by, Permission.SHARING_VIOLATION_RECORD)
    violation, fresh = Violation.objects.get_or_create(
        code=finding.code, subject_kind=finding.subject_kind, subject_id=finding.subject_id,
        defaults={
            "clause": offences()[finding.code].clause, "organisation": finding.organisation,
            "subject_label": finding.label[:200], "found_at": now,
        },
    )  # fmt: skip
    return open_case(violation, finding, by, now) if fresh else None


def open_case(
    violation: Violation, finding: Finding, by: Actor, now: datetime, *, reporter: tuple[UUID, UUID] | None = None
) -> Case:
    """Open the case of a violation just written down and offer it; ``reporter`` is a person and an organisation."""
    case = Case.objects.create(
        violation=violation, number=next_number(LETTERS, now), code=finding.code, concerned=finding.organisation,
        detector=finding.detector, text=finding.text, fields=finding.fields,
        evidence=[asdict(row) for row in finding.evidence[:MOST_EVIDENCE]], opened_at=now,
        reported_by_id=reporter and reporter[0], reporter_id=reporter and reporter[1],
    )  # fmt: skip
    audit.record(
        event="supervision:violation:find", by=by, now=now, subject_kind=common.SUBJECT, subject_id=case.id,
        subject_label=common.label(case), code=case.code, clause=violation.clause, detector=finding.detector,
        organisation=finding.organisation.code, subject=f"{finding.subject_kind}:{finding.subject_id}",
    )  # fmt: skip
    return offer(case=case, now=now)


def offer(*, case: Case, now: datetime) -> Case:
    """Hand a found case to whoever judges it; without a judge, or a calendar to count on, it stays found."""
    from jutong.center.org.actor import platform_actor  # noqa: PLC0415 - a name this short is only used here

    by, office = platform_actor("violations"), judge_of(case.concerned)
    if office is None:
        return case
    try:
        with transaction.atomic():
            locked = common.begin(case, CaseEvent.OFFER, by)
            locked.judge, locked.judge_role = office.organisation, office.role
            locked.offered_at = now
            locked.hear_until = calendar().add_workdays(civil_date(now), HEARING_DAYS).due_on
            common.done(locked, CaseEvent.OFFER, by, now, until=locked.hear_until)
            clocks.start(
                period=JUDGE_PERIOD, subject_kind=common.SUBJECT, subject_id=locked.id,
                subject_label=common.label(locked), organisation=office.organisation, by=by, now=now,
            )  # fmt: skip
            common.tell_concerned(locked, _HEAR, now, until=locked.hear_until)
            common.tell_judge(locked, _JUDGE, now)
    except CalendarYearMissingError as problem:
        logger.warning("%s waits to be offered: %s", case.number, problem.code)
        return case
    return locked


def offer_waiting(*, now: datetime) -> int:
    """Offer what was found while nobody could judge it. Returns how many."""
    waiting = Case.objects.filter(state=CaseState.FOUND).select_related("concerned").order_by("id")[:500]
    return sum(offer(case=case, now=now).state != CaseState.FOUND for case in waiting)


@transaction.atomic
def record_breaches(*, breaches: Iterable[StatutoryClock], by: Actor, now: datetime) -> list[Case]:
    """Write down every breached clock that is a violation, once each.

    The state of what the clock is about is not touched: the law knows no tacit consent (条例 39(4)).

    Raises:
        ForbiddenError: for people.
    """
    require(by, Permission.SHARING_VIOLATION_RECORD)
    written = []
    for clock in breaches:
        offence = by_period().get(clock.period)
        if offence is None or _is_leaders(clock):
            continue
        made = record(finding=_breach(clock, offence.code), by=by, now=now)
        if made is not None:
            written.append(made)
    return written


def _is_leaders(clock: StatutoryClock) -> bool:
    """Tell whether the clock ran for a leader who judges; the law lists no violation of governments."""
    if clock.period != JUDGE_PERIOD:
        return False
    return Case.objects.filter(id=clock.subject_id, judge_role=Role.LEADER).exists()


def _breach(clock: StatutoryClock, code: str) -> Finding:
    number = clock.subject_label.split(" ", 1)[0]
    links = {"application": "/applications/", common.SUBJECT: "/violations/", "correction": "/corrections/"}
    link = links.get(clock.subject_kind, "")
    shown = f"{clock.started_on} → {clock.due_on}"
    evidence = (
        Evidence("clock", str(clock.id), shown),
        Evidence(clock.subject_kind, clock.subject_id, clock.subject_label, link and link + number),
    )
    fields = {"label": clock.subject_label, "due": clock.due_on.isoformat(), "period": clock.clause}
    return Finding(
        code, clock.organisation, "clock", str(clock.id), clock.subject_label, CLOCK, BREACH, fields, evidence
    )  # fmt: skip


def adopt(*, now: datetime, by: Actor) -> int:
    """Open the cases of violations written down before there were cases. Returns how many."""
    rows = list(Violation.objects.filter(case=None).select_related("organisation").order_by("found_at", "id")[:500])
    for row in rows:
        finding = Finding(
            row.code, row.organisation, row.subject_kind, row.subject_id, row.subject_label, CLOCK, OLD,
            {"label": row.subject_label},
        )  # fmt: skip
        with transaction.atomic():
            open_case(row, finding, by, now)
    return len(rows)
