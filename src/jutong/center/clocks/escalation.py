"""The ladder of a clock nobody answers: reminder, authority, superior; each rung once and on record (条例 39-41).

Which rung is due when is data (``standards.ladder``, a locality's rule set). A scan takes what is due; nothing but
telling follows, because lateness is never consent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from jutong.center.audit.actions import Subject, record_all
from jutong.center.clocks.enums import ClockState, EscalationStep
from jutong.center.clocks.models import Escalation, StatutoryClock
from jutong.center.clocks.queries import calendar
from jutong.center.clocks.rules import Rules
from jutong.center.org.actor import Actor
from jutong.center.org.authorities import Office, above_judge, judge_of
from jutong.center.org.enums import Role
from jutong.center.org.models import Organisation
from jutong.center.sharing.models import Notice, Violation
from jutong.kernel.calendar import WorkCalendar
from jutong.kernel.clock import civil_date
from jutong.kernel.i18n import gettext_noop
from jutong.standards.ladder import StepName

BATCH = 500
_WEEK, _LONGEST_HOLIDAY = 5, 12
"""Working days of a week, and calendar days by which rest days can stretch one: how far ahead a reminder looks."""
LINKS = {"application": "/applications/"}
"""Where the number at the head of a subject's label leads; other subjects are found in the inbox."""
_TEXTS = {
    EscalationStep.MESSAGE: gettext_noop("“{label}”请在{due}前办结，还剩{left}个工作日。"),
    EscalationStep.AUTHORITY: gettext_noop("{who}应于{due}办结“{label}”，已经超期。"),
    EscalationStep.SUPERIOR: gettext_noop("{who}应于{due}办结“{label}”，超期已久仍未办结。"),
}


@dataclass(frozen=True, slots=True)
class _Due:
    clock: StatutoryClock
    step: EscalationStep
    left: int
    office: Office | None


class _Offices:
    """Who is told, asked once per organisation."""

    def __init__(self) -> None:
        self._judges: dict[object, Office | None] = {}
        self._above: dict[object, Office | None] = {}

    def judge(self, organisation: Organisation) -> Office | None:
        if organisation.id not in self._judges:
            self._judges[organisation.id] = judge_of(organisation)
        return self._judges[organisation.id]

    def above(self, organisation: Organisation) -> Office | None:
        if organisation.id not in self._above:
            self._above[organisation.id] = above_judge(organisation)
        return self._above[organisation.id]


@transaction.atomic
def escalate(*, by: Actor, now: datetime) -> int:
    """Take the rungs that are due, at most ``BATCH`` of each; scan again until none is. Returns how many."""
    today = civil_date(now)
    rules, days = Rules(today), calendar()
    found = [*_reminders(today, rules, days), *_overdue(today, rules, days)]
    rows = Escalation.objects.bulk_create(
        Escalation(
            clock=one.clock, step=one.step, told=one.office.organisation if one.office else None,
            told_role=one.office.role if one.office and one.step != EscalationStep.MESSAGE else "", at=now,
        )
        for one in found
    )  # fmt: skip
    recorded = _recorded(one.clock for one in found if one.step == EscalationStep.AUTHORITY)
    quiet = {(clock_id, EscalationStep.AUTHORITY) for clock_id in recorded}
    told = (one for one in found if (str(one.clock.id), one.step) not in quiet)
    Notice.objects.bulk_create(notice for one in told for notice in _notices(one, now))
    record_all(event="clocks:clock:escalate", by=by, now=now, subjects=map(_told, found))
    return len(rows)


def _without(step: EscalationStep) -> QuerySet[StatutoryClock]:
    taken = Escalation.objects.filter(clock=OuterRef("pk"), step=step)
    rows = StatutoryClock.objects.filter(~Exists(taken)).select_related("organisation").order_by("due_on", "id")
    return rows.select_for_update(of=("self",), skip_locked=True)


def _reminders(today: date, rules: Rules, days: WorkCalendar) -> Iterator[_Due]:
    farthest = max(
        (_days(rules, code, StepName.MESSAGE) for code in ("", *rules.divisions)), default=0
    )  # fmt: skip
    last = today + timedelta(days=farthest + _LONGEST_HOLIDAY * (1 + farthest // _WEEK))
    waiting = _without(EscalationStep.MESSAGE).filter(
        state=ClockState.RUNNING, due_on__range=(today, last), started_on__lt=today
    )
    for clock in waiting[:BATCH]:
        left = days.workdays_between(today, clock.due_on)
        if left <= _days(rules, clock.organisation.division_code, StepName.MESSAGE):
            yield _Due(clock, EscalationStep.MESSAGE, left, Office(clock.organisation, Role.STEWARD))


def _overdue(today: date, rules: Rules, days: WorkCalendar) -> Iterator[_Due]:
    offices = _Offices()
    for clock in _without(EscalationStep.AUTHORITY).filter(breached_at__isnull=False)[:BATCH]:
        yield _Due(clock, EscalationStep.AUTHORITY, 0, offices.judge(clock.organisation))
    nearest = min((_days(rules, code, StepName.SUPERIOR) for code in ("", *rules.divisions)), default=0)
    known = date(days.years[-1].year, 12, 31)  # days of a year without calendar are not counted, and none is made up
    lying = _without(EscalationStep.SUPERIOR).filter(
        state=ClockState.RUNNING, breached_at__isnull=False, due_on__lt=today
    )
    for clock in lying[:BATCH]:
        passed = days.workdays_between(clock.due_on, min(today, known))
        if passed < nearest:
            break
        if passed >= _days(rules, clock.organisation.division_code, StepName.SUPERIOR):
            yield _Due(clock, EscalationStep.SUPERIOR, -passed, offices.above(clock.organisation))


def _days(rules: Rules, division_code: str, step: StepName) -> int:
    return next(row.days for row in rules.ladder(division_code) if row.step is step)


def _recorded(clocks: Iterable[StatutoryClock]) -> set[str]:
    """Return the clocks whose breach is a violation on record, of which its own notices tell."""
    ids = [str(clock.id) for clock in clocks]
    found = Violation.objects.filter(subject_kind="clock", subject_id__in=ids)
    return set(found.values_list("subject_id", flat=True))


def _notices(due: _Due, now: datetime) -> Iterator[Notice]:
    clock = due.clock
    fields = {
        "who": clock.organisation.short_name, "due": str(clock.due_on), "label": clock.subject_label[:120],
        "left": str(due.left),
    }  # fmt: skip
    link = LINKS.get(clock.subject_kind, "")
    link = link and link + clock.subject_label.split(" ", 1)[0]
    if due.step == EscalationStep.MESSAGE or due.office is None or due.office.organisation != clock.organisation:
        role = "" if due.step == EscalationStep.MESSAGE else "office-head"
        yield Notice(
            organisation=clock.organisation, role=role, text=_TEXTS[due.step], fields=fields, link=link, at=now
        )  # fmt: skip
    if due.step != EscalationStep.MESSAGE and due.office is not None:
        told = due.office
        yield Notice(
            organisation=told.organisation, role=told.role, text=_TEXTS[due.step], fields=fields, link=link, at=now
        )  # fmt: skip


def _told(due: _Due) -> Subject:
    clock = due.clock
    told = due.office.organisation.code if due.office else ""
    details = {"period": clock.period, "step": due.step.value, "told": told, "due_on": clock.due_on.isoformat()}
    return Subject(clock.subject_kind, clock.subject_id, clock.subject_label, details)
