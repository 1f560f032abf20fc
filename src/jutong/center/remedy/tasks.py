"""What waits for people in this app, as the inbox shows it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from jutong.center.clocks import queries as clocks
from jutong.center.org.actor import Actor
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import NOBODY
from jutong.center.remedy.actions import change, disposal, ledger, rectification
from jutong.center.remedy.enums import DisposalState, LedgerAskState, RectificationState, ServiceChangeState
from jutong.center.remedy.models import Consultation, Disposal, LedgerAsk, Rectification, ServiceChange
from jutong.center.remedy.rules import CONSULT_PERIOD, DISPOSE_PERIOD, LEDGER_PERIOD, RECTIFY_PERIOD
from jutong.center.sharing.queries.tasks import Task, TaskKind, register
from jutong.kernel.clock import civil_date

CAP = 200
"""Tasks of one kind that are read at most."""
_GRANT = ("grant__entry", "grant__requester", "grant__provider")


def connect() -> None:
    """Tell the inbox whom to ask; called when the app is ready."""
    register("remedy-rectify", Permission.REMEDY_RECTIFICATION_ANSWER, to_rectify)
    register("remedy-judge", Permission.REMEDY_RECTIFICATION_ORDER, to_judge)
    register("remedy-dispose", Permission.REMEDY_DISPOSAL_REPORT, to_dispose)
    register("remedy-verify", Permission.REMEDY_DISPOSAL_VERIFY, to_verify)
    register("remedy-ledger", Permission.REMEDY_LEDGER_WRITE, to_fill)
    register("remedy-consult", Permission.REMEDY_CHANGE_CONSULT, to_consult)
    register("remedy-decide", Permission.REMEDY_CHANGE_PROPOSE, to_decide)


def _own(actor: Actor) -> UUID:
    return actor.organisation_id or NOBODY


def to_rectify(actor: Actor, now: datetime) -> list[Task]:
    """Return the rectifications the actor's department has to report on."""
    rows = Rectification.objects.filter(grant__requester_id=_own(actor), state=RectificationState.ORDERED)
    found = rows.select_related(*_GRANT, "ordered_by_office", "ordered_by").order_by("ordered_at")[:CAP]
    return _rectifications(TaskKind.RECTIFICATION_ANSWER, found, now)


def to_judge(actor: Actor, now: datetime) -> list[Task]:
    """Return the rectifications the actor's department ordered and has to judge."""
    states = (RectificationState.REPORTED, RectificationState.INSUFFICIENT)
    rows = Rectification.objects.filter(ordered_by_office_id=_own(actor), state__in=states)
    found = rows.select_related(*_GRANT, "ordered_by_office", "ordered_by").order_by("ordered_at")[:CAP]
    return _rectifications(TaskKind.RECTIFICATION_CHECK, found, now)


def _rectifications(kind: TaskKind, rows: Iterable[Rectification], now: datetime) -> list[Task]:
    cases = list(rows)
    running = clocks.for_subjects(rectification.SUBJECT, [case.id for case in cases])
    days, today = (clocks.calendar() if running else None), civil_date(now)
    tasks = []
    for case in cases:
        clock = running.get((RECTIFY_PERIOD, str(case.id)))
        mine = kind == TaskKind.RECTIFICATION_ANSWER
        tasks.append(
            Task(
                kind=kind, title=case.grant.entry.published_name, number=case.number, subject_id=str(case.id),
                organisation=(case.ordered_by_office if mine else case.grant.requester).short_name,
                person=case.ordered_by.name if mine else "", since=case.ordered_at,
                note=case.demand_text[:100] if mine else case.get_state_display(),
                clock=clocks.clock_view(clock, today, days=days) if clock and mine else None,
                link=f"/rectifications/{case.number}",
            )
        )  # fmt: skip
    return tasks


def to_dispose(actor: Actor, now: datetime) -> list[Task]:
    """Return the disposals the actor's department has to report on."""
    rows = Disposal.objects.filter(grant__requester_id=_own(actor), state=DisposalState.OPEN)
    return _disposals(TaskKind.DISPOSAL_REPORT, rows.select_related(*_GRANT).order_by("opened_at")[:CAP], now)


def to_verify(actor: Actor, now: datetime) -> list[Task]:
    """Return the disposals the actor's department has to verify."""
    rows = Disposal.objects.filter(grant__provider_id=_own(actor), state=DisposalState.REPORTED)
    return _disposals(TaskKind.DISPOSAL_VERIFY, rows.select_related(*_GRANT).order_by("opened_at")[:CAP], now)


def _disposals(kind: TaskKind, rows: Iterable[Disposal], now: datetime) -> list[Task]:
    cases = list(rows)
    running = clocks.for_subjects(disposal.SUBJECT, [case.id for case in cases])
    days, today = (clocks.calendar() if running else None), civil_date(now)
    mine = kind == TaskKind.DISPOSAL_REPORT
    tasks = []
    for case in cases:
        clock = running.get((DISPOSE_PERIOD, str(case.id)))
        other = case.grant.provider if mine else case.grant.requester
        tasks.append(
            Task(
                kind=kind, title=case.grant.entry.published_name, number=case.number, subject_id=str(case.id),
                organisation=other.short_name, person="", since=case.opened_at if mine else case.reported_at or now,
                note=case.problem or case.note,
                clock=clocks.clock_view(clock, today, days=days) if clock and mine else None,
                link=f"/disposals/{case.number}",
            )
        )  # fmt: skip
    return tasks


def to_fill(actor: Actor, now: datetime) -> list[Task]:
    """Return the quarters whose ledger the actor's department has to complete."""
    rows = LedgerAsk.objects.filter(grant__requester_id=_own(actor), state=LedgerAskState.ASKED)
    asks = list(rows.select_related(*_GRANT).order_by("asked_at")[:CAP])
    running = clocks.for_subjects(ledger.SUBJECT, [ask.id for ask in asks])
    days, today = (clocks.calendar() if running else None), civil_date(now)
    tasks = []
    for ask in asks:
        clock = running.get((LEDGER_PERIOD, str(ask.id)))
        tasks.append(
            Task(
                kind=TaskKind.LEDGER_FILL, title=ask.grant.entry.published_name, number=ask.grant.number,
                subject_id=str(ask.id), organisation=ask.grant.provider.short_name, person="", since=ask.asked_at,
                note=ask.quarter, clock=clocks.clock_view(clock, today, days=days) if clock else None,
                link=f"/ledger/{ask.grant.number}/fill/{ask.quarter}",
            )
        )  # fmt: skip
    return tasks


def to_decide(actor: Actor, now: datetime) -> list[Task]:
    """Return the service changes of the actor's department on which everybody was heard: to be filed, or given up."""
    rows = ServiceChange.objects.filter(entry__organisation_id=_own(actor), state=ServiceChangeState.CONSULTING)
    found = rows.select_related("entry__organisation", "proposed_by").prefetch_related("consultations")
    waiting = list(found.order_by("proposed_at")[:CAP])
    silent = {row.id: [one.id for one in row.consultations.all() if not one.stance] for row in waiting}
    last_days = change.last_days_of([one for each in silent.values() for one in each])
    today = civil_date(now)
    return [
        Task(
            kind=TaskKind.CHANGE_DECIDE, title=row.entry.published_name, number=row.number, subject_id=str(row.id),
            organisation=row.entry.organisation.short_name, person=row.proposed_by.name,
            since=max((one.answered_at for one in row.consultations.all() if one.answered_at), default=row.proposed_at),
            note=_("协商已完成"), link=f"/service-changes/{row.number}",
        )
        for row in waiting
        if all(last_days.get(str(one), date.max) < today for one in silent[row.id])
    ]  # fmt: skip


def to_consult(actor: Actor, now: datetime) -> list[Task]:
    """Return the service changes the actor's department is asked about."""
    rows = Consultation.objects.filter(
        organisation_id=_own(actor), stance="", change__state=ServiceChangeState.CONSULTING
    ).select_related("change__entry__organisation", "change__proposed_by")
    asked = list(rows.order_by("asked_at")[:CAP])
    running = clocks.for_subjects(change.CONSULTATION, [row.id for row in asked])
    days, today = (clocks.calendar() if running else None), civil_date(now)
    tasks = []
    for row in asked:
        clock = running.get((CONSULT_PERIOD, str(row.id)))
        found = row.change
        tasks.append(
            Task(
                kind=TaskKind.CHANGE_CONSULT, title=found.entry.published_name, number=found.number,
                subject_id=str(row.id), organisation=found.entry.organisation.short_name,
                person=found.proposed_by.name, since=row.asked_at, note=found.reason[:100],
                clock=clocks.clock_view(clock, today, days=days) if clock else None,
                link=f"/service-changes/{found.number}",
            )
        )  # fmt: skip
    return tasks
