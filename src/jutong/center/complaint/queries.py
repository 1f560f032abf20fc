"""Complaints and inquiries as an actor may see them, and what a person sees with the own code."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from jutong.center.clocks.queries import ClockView, calendar, clock_view, for_subjects
from jutong.center.complaint.enums import ComplaintEvent, ComplaintState, InquiryEvent, InquiryState
from jutong.center.complaint.models import Complaint, ComplaintStep, Inquiry, Secrecy
from jutong.center.complaint.parties import sides_of, visible
from jutong.center.complaint.rules import COMPLAINTS, HANDLE_PERIOD, INQUIRIES, TELL_PERIOD
from jutong.center.correction.boxes import opened
from jutong.center.correction.models import Correction, Trace
from jutong.center.correction.queries import open_of_complaint, traces_of
from jutong.center.fleet.models import Node
from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.org.permissions import Permission
from jutong.center.paging import Page, newest_first
from jutong.center.process.sides import Side
from jutong.center.process.table import Machine
from jutong.center.sharing.queries.tasks import Task, TaskKind
from jutong.kernel.clock import civil_date
from jutong.kernel.errors import NotFoundError

INQUIRY = "inquiry"
CAP = 100


@dataclass(frozen=True)
class ComplaintView:
    """One complaint for this actor. ``text``, ``name`` and ``contact`` are empty until revealed."""

    complaint: Complaint
    sides: frozenset[Side]
    events: frozenset[str]
    clock: ClockView | None
    steps: list[ComplaintStep]
    corrections: list[Correction]
    text: str = ""
    name: str = ""
    contact: str = ""
    answer: str = ""
    review: str = ""
    revealed: bool = False

    @property
    def may_reveal(self) -> bool:
        """Whether the actor works in the receiving department."""
        return Side.RECEIVER in self.sides


@dataclass(frozen=True, slots=True)
class InquiryView:
    """One inquiry for the counter; who asked is not in it."""

    inquiry: Inquiry
    events: frozenset[str]
    clock: ClockView | None
    traces: list[Trace]
    silent: list[str]


def _readable(actor: Actor) -> QuerySet[Complaint]:
    org.require(actor, Permission.COMPLAINT_CASE_VIEW)
    return Complaint.objects.filter(visible(actor)).select_related("receiver", "entry", "answered_by", "reviewed_by")


def complaints(actor: Actor, *, states: Iterable[str] = (), after: str = "", limit: int = 20) -> Page[Complaint]:
    """Return the complaints the actor may read, the newest first."""
    rows, wanted = _readable(actor), list(states)
    return newest_first(rows.filter(state__in=wanted) if wanted else rows, "received_at", after=after, limit=limit)


def complaint_of(actor: Actor, number: str) -> Complaint:
    """Return one complaint.

    Raises:
        NotFoundError: if there is none of this number the actor may see.
    """
    found = _readable(actor).filter(number=number).first()
    if found is None:
        raise NotFoundError(what=number)
    return found


def clocks_of(kind: str, period: str, ids: Iterable[UUID], now: datetime) -> dict[str, ClockView]:
    """Return the latest clock of each case by its id."""
    found = for_subjects(kind, ids)
    today, days = civil_date(now), calendar()
    return {subject: clock_view(row, today, days=days) for (name, subject), row in found.items() if name == period}


def complaint(actor: Actor, number: str, *, now: datetime) -> ComplaintView:
    """Return one complaint with its trail; its words are not in it until revealed.

    Raises:
        NotFoundError: if there is none of this number the actor may see.
    """
    return _view(complaint_of(actor, number), actor, now)


def _view(found: Complaint, actor: Actor, now: datetime) -> ComplaintView:
    sides = sides_of(found, actor)
    events = _events(COMPLAINTS, found.state, sides, actor)
    if found.answered_by_id == actor.user_id:
        events -= {ComplaintEvent.DECIDE}
    return ComplaintView(
        complaint=found,
        sides=sides,
        events=events,
        clock=clocks_of("complaint", HANDLE_PERIOD, [found.id], now).get(str(found.id)),
        steps=list(found.steps.all()),
        corrections=open_of_complaint(found.id),
    )


def of_citizen(found: Complaint, by: Actor, now: datetime) -> ComplaintView:
    """Return a complaint for whoever holds its code; the doors have checked it."""
    return opened_view(_view(found, by, now))


def opened_view(view: ComplaintView) -> ComplaintView:
    """Return a complaint with its words; only ``actions.reveal`` and the holder of the code call it."""
    found = view.complaint
    words = opened(found.words, about=f"{found.number} words")
    return replace(
        view,
        text=words["text"],
        name=words["name"],
        contact=words["contact"],
        answer=opened(found.answer, about=f"{found.number} answer").get("text", ""),
        review=opened(found.review, about=f"{found.number} review").get("text", ""),
        revealed=True,
    )


def _events(machine: Machine, state: str, sides: frozenset[Side], actor: Actor) -> frozenset[str]:
    return frozenset(
        str(row.event)
        for row in machine.rows
        if row.state == state
        and any(
            who.side in sides
            and (org.has(actor, who.permission) if who.permission is not None else who.side == Side.CITIZEN)
            for who in row.who
        )
    )


def inquiries(actor: Actor, *, after: str = "", limit: int = 20) -> Page[Inquiry]:
    """Return the inquiries the own department took at its counter, the newest first."""
    return newest_first(_inquiries(actor), "checked_at", after=after, limit=limit)


def _inquiries(actor: Actor) -> QuerySet[Inquiry]:
    org.require(actor, Permission.COMPLAINT_INQUIRY_CHECK)
    rows = Inquiry.objects.filter(receiver_id=actor.organisation_id or org.NOBODY)
    return rows.select_related("receiver", "checked_by").defer("person")


def inquiry_of(actor: Actor, number: str) -> Inquiry:
    """Return one inquiry of the own counter.

    Raises:
        NotFoundError: if there is none.
    """
    found = _inquiries(actor).filter(number=number).first()
    if found is None:
        raise NotFoundError(what=number)
    return found


def inquiry(actor: Actor, number: str, *, now: datetime) -> InquiryView:
    """Return one inquiry with what the nodes have answered.

    Raises:
        NotFoundError: if there is none the own counter took.
    """
    found = inquiry_of(actor, number)
    silent = silent_nodes(found)
    events = _events(INQUIRIES, found.state, sides_of(found, actor), actor)
    if not silent:
        events -= {InquiryEvent.RETRY, InquiryEvent.DELIVER}
    return InquiryView(
        inquiry=found,
        events=events,
        clock=clocks_of(INQUIRY, TELL_PERIOD, [found.id], now).get(str(found.id)),
        traces=traces_of(INQUIRY, found.id),
        silent=[node.name for node in silent],
    )


def silent_nodes(inquiry: Inquiry) -> list[Node]:
    """Return the nodes whose last word on an inquiry is missing or not whole."""
    if inquiry.state == InquiryState.CLOSED:
        return []
    whole = set(
        Trace.objects.filter(subject_kind=INQUIRY, subject_id=inquiry.id, is_complete=True).values_list(
            "node_id", flat=True
        )
    )
    return [node for node in Node.objects.order_by("name") if node.name not in whole]


def secrecies(actor: Actor) -> QuerySet[Secrecy]:
    """Return the bases the own department stated; the authority and the auditor see those of all they may watch."""
    org.require(actor, Permission.COMPLAINT_CASE_VIEW)
    rows = Secrecy.objects.select_related("grant__entry", "grant__requester", "stated_by")
    if actor.role == "auditor":
        return rows
    if actor.role == "authority":
        return rows.filter(grant__requester__division_code=actor.division_code)
    return rows.filter(grant__requester_id=actor.organisation_id or org.NOBODY)


def to_handle(actor: Actor, now: datetime) -> list[Task]:
    """Return the complaints that wait for the actor's department."""
    states = (ComplaintState.RECEIVED, ComplaintState.HANDLING, ComplaintState.REVIEWING)
    mine = Complaint.objects.filter(receiver_id=actor.organisation_id or org.NOBODY, state__in=states)
    rows = list(mine.select_related("receiver").order_by("received_at")[:CAP])
    clocks = clocks_of("complaint", HANDLE_PERIOD, [row.id for row in rows], now)
    return [
        Task(
            kind=TaskKind.COMPLAINT_HANDLE, title=str(row.get_kind_display()), number=row.number,
            subject_id=str(row.id), organisation=row.receiver.short_name, person="", since=row.received_at,
            clock=clocks.get(str(row.id)), link=f"/manage/complaints/{row.number}",
        )
        for row in rows
    ]  # fmt: skip


def to_answer(actor: Actor, now: datetime) -> list[Task]:
    """Return the inquiries of the own counter that nodes have not answered yet."""
    rows = list(_inquiries(actor).filter(state=InquiryState.TRACING).order_by("checked_at")[:CAP])
    clocks = clocks_of(INQUIRY, TELL_PERIOD, [row.id for row in rows], now)
    return [
        Task(
            kind=TaskKind.INQUIRY_ANSWER, title=str(row.get_document_display()), number=row.number,
            subject_id=str(row.id), organisation=row.receiver.short_name, person=row.checked_by.name,
            since=row.checked_at, clock=clocks.get(str(row.id)), link=f"/inquiries/{row.number}",
        )
        for row in rows
    ]  # fmt: skip
