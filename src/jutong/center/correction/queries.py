"""Corrections as an actor may see them; values of a person are masked until somebody asks to see them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, QuerySet

from jutong.center.clocks.models import StatutoryClock
from jutong.center.clocks.queries import ClockView, calendar, clock_view, for_subjects
from jutong.center.correction.boxes import masked, opened
from jutong.center.correction.enums import CorrectionEvent, CorrectionState, MarkState
from jutong.center.correction.models import Correction, CorrectionStep, Material, Recipient, Trace
from jutong.center.correction.parties import sides_of, visible
from jutong.center.correction.rules import ANSWER_PERIOD, CONFIRM_PERIOD, CORRECTIONS, DOUBTED, OPEN
from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.org.permissions import Permission
from jutong.center.paging import Page, newest_first
from jutong.center.process.sides import Side
from jutong.center.sharing.queries.tasks import Task, TaskKind
from jutong.kernel.clock import civil_date
from jutong.kernel.errors import NotFoundError

SUBJECT = "correction"
RECIPIENT = "correction-recipient"
CAP = 100
_STATES = (MarkState.OPEN, MarkState.ORDERED)


@dataclass(frozen=True, slots=True)
class Value:
    """One doubted item: what stands there, what should, and what was made of it; masked unless revealed."""

    item: str
    present: str
    claimed: str
    corrected: str


@dataclass(frozen=True, slots=True)
class Marked:
    """A mark as every reader sees it: no value, no key."""

    number: str
    items: tuple[str, ...]
    since: datetime


@dataclass(frozen=True)
class CaseView:
    """One case with everything its page shows to this actor.

    ``key``, ``values`` and the texts are empty for others than the two sides; ``revealed`` tells whether they are
    shown as they are.
    """

    correction: Correction
    sides: frozenset[Side]
    events: frozenset[CorrectionEvent]
    clock: ClockView | None
    recipients: list[Recipient]
    steps: list[CorrectionStep]
    traces: list[Trace]
    materials: list[Material]
    key: dict[str, str] = field(default_factory=dict)
    values: list[Value] = field(default_factory=list)
    statement: str = ""
    evidence: str = ""
    answer: str = ""
    revealed: bool = False

    @property
    def may_reveal(self) -> bool:
        """Whether the actor stands on one of the two sides."""
        return bool(self.sides & {Side.REQUESTER, Side.PROVIDER})


def _readable(actor: Actor) -> QuerySet[Correction]:
    org.require(actor, Permission.CORRECTION_CASE_VIEW)
    return Correction.objects.filter(visible(actor)).select_related(
        "entry", "version", "provider", "responsible", "raiser", "grant", "node", "created_by", "answered_by"
    )


def corrections(
    actor: Actor, *, side: str = "", states: Iterable[str] = (), entry_code: str = "", after: str = "", limit: int = 20
) -> Page[Correction]:
    """Return the cases the actor may read, the newest first.

    Args:
        actor: who asks.
        side: ``requester`` for those raised by the own department, ``provider`` for those it answers for.
        states: only these; empty for all.
        entry_code: only of this entry; empty for all.
        after: cursor of the page before.
        limit: rows of the page.
    """
    rows = _readable(actor)
    own = actor.organisation_id or org.NOBODY
    if side == Side.REQUESTER:
        rows = rows.filter(raiser_id=own)
    elif side == Side.PROVIDER:
        rows = rows.filter(responsible_id=own)
    wanted = list(states)
    if wanted:
        rows = rows.filter(state__in=wanted)
    if entry_code:
        rows = rows.filter(entry__code=entry_code)
    return newest_first(rows, "created_at", after=after, limit=limit)


def clocks_of(rows: Iterable[Correction], now: datetime) -> dict[UUID, ClockView]:
    """Return the latest clock of each case, for lists."""
    listed = list(rows)
    views: dict[UUID, ClockView] = {}
    if not listed:
        return views
    found = for_subjects(SUBJECT, [row.id for row in listed])
    days = calendar()
    for row in listed:
        period = CONFIRM_PERIOD if row.finding and row.state != CorrectionState.VERIFYING else ANSWER_PERIOD
        clock = found.get((period, str(row.id))) or found.get((ANSWER_PERIOD, str(row.id)))
        if clock is not None:
            views[row.id] = clock_view(clock, civil_date(now), days=days)
    return views


def correction_of(actor: Actor, number: str) -> Correction:
    """Return one case.

    Raises:
        NotFoundError: if there is none of this number the actor may see.
    """
    found = _readable(actor).filter(number=number).first()
    if found is None:
        raise NotFoundError(what=number)
    return found


def correction(actor: Actor, number: str, *, now: datetime) -> CaseView:
    """Return one case with its trail; values are masked.

    Raises:
        NotFoundError: if there is none of this number the actor may see.
    """
    found = correction_of(actor, number)
    sides = sides_of(found, actor)
    view = CaseView(
        correction=found,
        sides=sides,
        events=_events(found, sides, actor),
        clock=clocks_of([found], now).get(found.id),
        recipients=list(found.recipients.select_related("organisation", "grant", "confirmed_by")),
        steps=list(found.steps.all()),
        traces=traces_of(SUBJECT, found.id),
        materials=list(found.materials.defer("box")) if sides & {Side.REQUESTER, Side.PROVIDER} else [],
    )
    return _filled(view, masked) if view.may_reveal else view


def opened_view(view: CaseView) -> CaseView:
    """Return a case of one's own side with its values as they are; only ``actions.reveal`` calls it."""
    return replace(_filled(view, str), revealed=True)


def _filled(view: CaseView, shown: Any) -> CaseView:
    found = view.correction
    claim = opened(found.claim, about=f"{found.number} claim")
    answer = opened(found.answer, about=f"{found.number} answer")
    corrected = answer.get("corrected", {})

    def written(text: str) -> str:
        return shown(text) if text else ""

    values = [
        Value(item, written(claim["present"].get(item, "")), written(claimed), written(corrected.get(item, "")))
        for item, claimed in claim["claimed"].items()
    ]
    hidden = "" if shown is masked else None
    return replace(
        view,
        key={name: written(value) for name, value in claim["key"].items()},
        values=values,
        statement=claim["statement"] if hidden is None else hidden,
        evidence=claim["evidence"] if hidden is None else hidden,
        answer=answer.get("text", "") if hidden is None else hidden,
    )


def _events(found: Correction, sides: frozenset[Side], actor: Actor) -> frozenset[CorrectionEvent]:
    events = {
        CorrectionEvent(row.event)
        for row in CORRECTIONS.rows
        if row.state == found.state
        and any(who.side in sides and who.permission is not None and org.has(actor, who.permission) for who in row.who)
    }
    if actor.user_id == found.created_by_id:
        events -= {CorrectionEvent.ACCEPT, CorrectionEvent.UPHOLD, CorrectionEvent.REFUSE}
    if found.mark != MarkState.FAILED:
        events.discard(CorrectionEvent.RETRY)
    if found.confirmed_at is not None:
        events.discard(CorrectionEvent.CONFIRM)
    if found.finding == "true":
        events.discard(CorrectionEvent.DISPUTE)
    waiting = found.recipients.filter(organisation_id=actor.organisation_id or org.NOBODY, confirmed_at=None)
    if CorrectionEvent.RECEIVE in events and not waiting.exists():
        events.discard(CorrectionEvent.RECEIVE)
    return frozenset(events)


def traces_of(subject_kind: str, subject_id: UUID) -> list[Trace]:
    """Return the traces about a subject with how many records each found, as ``found``."""
    rows = Trace.objects.filter(subject_kind=subject_kind, subject_id=subject_id).select_related("node")
    return list(rows.annotate(found=Count("hits")).order_by("-ordered_at", "node", "entry_code"))


def marks_of_entry(entry_id: UUID) -> list[Marked]:
    """Return the marks readers of an entry are told of; whoever may read the entry may read these."""
    rows = Correction.objects.filter(entry_id=entry_id, state__in=DOUBTED).order_by("-created_at")[:CAP]
    return [Marked(row.number, tuple(row.items), row.marked_at or row.created_at) for row in rows]


def marks_count(entry_ids: Iterable[UUID]) -> dict[UUID, int]:
    """Return how many rows of each entry are in doubt."""
    rows = Correction.objects.filter(entry_id__in=list(entry_ids), state__in=DOUBTED)
    return dict(rows.values_list("entry_id").annotate(n=Count("id")).order_by())


def marks_of_grant(grant_id: UUID) -> list[Marked]:
    """Return the marks on rows read under a grant."""
    rows = Correction.objects.filter(recipients__grant_id=grant_id, state__in=DOUBTED).order_by("-created_at")[:CAP]
    return [Marked(row.number, tuple(row.items), row.marked_at or row.created_at) for row in rows]


def _task(kind: TaskKind, row: Correction, clock: ClockView | None) -> Task:
    return Task(
        kind=kind, title=row.version.name, number=row.number, subject_id=str(row.id),
        organisation=row.raiser.short_name, person="", since=row.created_at, note=row.get_kind_display(), clock=clock,
        link=f"/corrections/{row.number}",
    )  # fmt: skip


def _waiting(actor: Actor) -> QuerySet[Correction]:
    """Return all cases with what a task shows of them, the oldest first; the caller keeps the own department's."""
    org.require(actor, Permission.CORRECTION_CASE_VIEW)
    shown = ("number", "kind", "state", "finding", "created_at", "version__name", "raiser__short_name")
    return Correction.objects.select_related("version", "raiser").only(*shown).order_by("created_at")


def to_answer(actor: Actor, now: datetime) -> list[Task]:
    """Return the cases that wait for the actor's department to verify."""
    own = actor.organisation_id or org.NOBODY
    states = (CorrectionState.RAISED, CorrectionState.VERIFYING)
    rows = list(_waiting(actor).filter(responsible_id=own, state__in=states)[:CAP])
    clocks = clocks_of(rows, now)
    return [_task(TaskKind.CORRECTION_ANSWER, row, clocks.get(row.id)) for row in rows]


def to_confirm(actor: Actor, now: datetime) -> list[Task]:
    """Return the answers and corrected values that wait for the actor's department to confirm."""
    own = actor.organisation_id or org.NOBODY
    states = (CorrectionState.ANSWERED, CorrectionState.TRAVELLING)
    rows = list(_waiting(actor).filter(raiser_id=own, state__in=states, confirmed_at=None)[:CAP])
    clocks = clocks_of(rows, now)
    tasks = [_task(TaskKind.CORRECTION_CONFIRM, row, clocks.get(row.id)) for row in rows]
    seen = {row.id for row in rows}
    waiting = Recipient.objects.filter(
        organisation_id=own, confirmed_at=None, told_at__isnull=False, correction__state=CorrectionState.TRAVELLING
    ).select_related("correction__version", "correction__raiser")
    told = list(waiting.order_by("told_at")[:CAP])
    found = for_subjects(RECIPIENT, [row.id for row in told]) if told else {}
    for row in told:
        if row.correction_id not in seen:
            seen.add(row.correction_id)
            tasks.append(_task(TaskKind.CORRECTION_CONFIRM, row.correction, _view(found, row, now)))
    return tasks


def _view(found: dict[tuple[str, str], StatutoryClock], row: Recipient, now: datetime) -> ClockView | None:
    clock = found.get((CONFIRM_PERIOD, str(row.id)))
    return clock_view(clock, civil_date(now)) if clock is not None else None


def open_of_complaint(complaint_id: UUID) -> list[Correction]:
    """Return the cases raised from a complaint, for those who handle it."""
    return list(Correction.objects.filter(complaint_id=complaint_id).order_by("created_at"))


__all__ = [
    "OPEN",
    "CaseView",
    "Marked",
    "Value",
    "clocks_of",
    "correction",
    "correction_of",
    "corrections",
    "marks_count",
    "marks_of_entry",
    "marks_of_grant",
    "open_of_complaint",
    "opened_view",
    "to_answer",
    "to_confirm",
    "traces_of",
]
