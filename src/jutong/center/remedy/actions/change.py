"""服务变更 (条例 27(3)): say what would change, hear everybody who uses it, file it, and only then change it."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from jutong.center.audit import actions as audit
from jutong.center.catalog.actions import decide_filing, file_end
from jutong.center.catalog.actions.taking_down import users_of
from jutong.center.catalog.enums import FilingKind
from jutong.center.catalog.life import Filing
from jutong.center.catalog.models import Entry
from jutong.center.clocks import actions as clocks
from jutong.center.clocks.models import StatutoryClock
from jutong.center.clocks.queries import OPEN
from jutong.center.constraints import constraint_errors
from jutong.center.org.actor import Actor, platform_actor
from jutong.center.org.enums import Role
from jutong.center.org.models import Organisation
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import NOBODY, authority_for, require
from jutong.center.process.admission import admit
from jutong.center.process.sides import Side
from jutong.center.process.table import Row
from jutong.center.remedy.actions import _common as common
from jutong.center.remedy.enums import ConsultationStance, ServiceChangeKind
from jutong.center.remedy.enums import ServiceChangeEvent as Event
from jutong.center.remedy.enums import ServiceChangeState as State
from jutong.center.remedy.errors import (
    AnsweredAlreadyError,
    ChangeOpenError,
    ConsultationOpenError,
    NobodyToConsultError,
)
from jutong.center.remedy.models import Consultation, ServiceChange
from jutong.center.remedy.rules import CONSULT_PERIOD, FILING_PERIOD, SERVICE_CHANGES
from jutong.center.sharing.models import Grant
from jutong.center.sharing.numbers import next_number
from jutong.kernel.calendar import CalendarYearMissingError
from jutong.kernel.clock import civil_date
from jutong.kernel.errors import NotFoundError

logger = logging.getLogger(__name__)
NUMBER = "BG"
SUBJECT, CONSULTATION = "service-change", "consultation"
CLAUSE = "条例 27(3)"
LONGEST_TEXT, LONGEST_ANSWER, MOST_ITEMS = 1000, 400, 200


def sides_of_change(change: ServiceChange, by: Actor) -> frozenset[Side]:
    """Return where the actor stands towards a change; empty for somebody who may not know of it."""
    if by.is_platform:
        return frozenset({Side.PLATFORM})
    own, found = by.organisation_id, set()
    if own is None:
        return frozenset()
    if own == change.entry.organisation_id:
        found.add(Side.PROVIDER)
    if change.consultations.filter(organisation_id=own).exists():
        found.add(Side.REQUESTER)
    if by.role in {Role.AUTHORITY, Role.LEADER}:
        authorities = Organisation.objects.filter(is_authority=True, closed_at=None, id=own)
        if authorities.filter(division_code=change.entry.organisation.division_code).exists():
            found.add(Side.AUTHORITY)
    return frozenset(found)


@transaction.atomic
def propose_change(
    *,
    entry: Entry,
    kind: str,
    reason: str,
    plan: str,
    items: Sequence[str],
    effective_on: date | None,
    by: Actor,
    now: datetime,
) -> ServiceChange:
    """Say what would change about an interface in use; every department that uses it is asked.

    Args:
        entry: of the actor's department.
        kind: a value of ``ServiceChangeKind``.
        reason: why, at most 1000 characters.
        plan: what changes and how the users go on, at most 1000 characters.
        items: names of the items that drop away or turn; ignored where the service stops.
        effective_on: the first day on which it may be made, not before today.
        by: who proposes.
        now: when.

    Raises:
        InvalidInputError: for a missing text, day, kind or item.
        NobodyToConsultError: if no grant runs.
        ChangeOpenError: if a change of the entry is under way.
        NotFoundError: if it is another department's.
    """
    require(by, Permission.REMEDY_CHANGE_PROPOSE)
    locked = Entry.objects.select_for_update(of=("self",)).select_related("organisation").get(id=entry.id)
    if locked.organisation_id != by.organisation_id:
        raise NotFoundError(what=locked.code)
    users = users_of(locked)
    if not users:
        raise NobodyToConsultError(name=locked.published_name)
    change = ServiceChange(
        number=next_number(NUMBER, now), entry=locked, kind=_kind(kind), state=State.CONSULTING,
        reason=_text("reason", reason, _("请写明为什么要变更")),
        plan=_text("plan", plan, _("请写明怎样变更、怎样过渡")),
        items=_items(kind, items), effective_on=_day(effective_on, now), proposed_by_id=common.user_id(by),
        proposed_at=now,
    )  # fmt: skip
    running = ServiceChange.objects.filter(entry=locked, state__in=(State.CONSULTING, State.FILED)).first() or change
    with constraint_errors(one_open_service_change=ChangeOpenError(name=locked.published_name, number=running.number)):
        change.save(force_insert=True)
    for organisation in users.values():
        _consult(change, organisation, by, now)
    _record("propose", change, by, now, kind=change.kind, items=len(change.items), departments=len(users))
    return change


def consult_newcomer(grant: Grant, *, by: Actor, now: datetime) -> None:
    """Ask a department that begins to use an entry while a change of it is being talked about."""
    for change in ServiceChange.objects.filter(entry_id=grant.entry_id, state=State.CONSULTING).select_related("entry"):
        if not change.consultations.filter(organisation_id=grant.requester_id).exists():
            _consult(change, grant.requester, by, now)


@transaction.atomic
def answer_consultation(*, change: ServiceChange, stance: str, text: str, by: Actor, now: datetime) -> Consultation:
    """Say what the actor's department thinks of a change, once; reasons are needed unless it agrees.

    Raises:
        InvalidInputError: for an unknown stance, or without reasons.
        AnsweredAlreadyError: if the department answered.
        StepNotAllowedError: once it was filed or withdrawn.
        WrongSideError: for others than those consulted.
    """
    locked, _row = _begin(change, Event.ANSWER, by)
    asked = Consultation.objects.select_for_update().get(change=locked, organisation_id=by.organisation_id or NOBODY)
    if asked.stance:
        raise AnsweredAlreadyError(number=locked.number)
    if stance not in ConsultationStance.values:
        labels = "、".join(map(str, ConsultationStance.labels))
        raise common.invalid("stance", stance, labels, _("请选择意见"), CLAUSE)
    clean = text.strip()
    if stance != ConsultationStance.AGREE or len(clean) > LONGEST_ANSWER:
        clean = common.require_text("text", text, limit=LONGEST_ANSWER, message=_("请写明理由"), clause=CLAUSE)
    asked.stance, asked.text, asked.answered_by_id, asked.answered_at = stance, clean, common.user_id(by), now
    asked.save(update_fields=["stance", "text", "answered_by", "answered_at"])
    _stop(CONSULTATION, asked.id, CONSULT_PERIOD, by, now)
    _record("answer", locked, by, now, stance=stance)
    common.notify(
        locked.entry.organisation, None, gettext_noop("{who}答复了“{name}”的服务变更。"), _link(locked), now,
        who=by.organisation_name, name=locked.entry.published_name,
    )  # fmt: skip
    return asked


@transaction.atomic
def file_change(*, change: ServiceChange, by: Actor, now: datetime) -> ServiceChange:
    """File a change with the authority once everybody answered or the period is over; silence is filed as silence.

    Raises:
        ConsultationOpenError: while somebody may still answer.
        FilingPendingError: if another filing on the entry waits.
        StepNotAllowedError: if it was filed or withdrawn.
    """
    locked, row = _begin(change, Event.FILE, by)
    rows = list(locked.consultations.select_related("organisation"))
    _require_consulted(rows, now)
    consulted = {one.organisation.code: _said(one) for one in rows}
    kind = FilingKind.END if locked.kind == ServiceChangeKind.STOP else FilingKind.CHANGE
    locked.filing = file_end(entry=locked.entry, reason=locked.reason, consulted=consulted, by=by, now=now, kind=kind)
    locked.state = row.next
    locked.save(update_fields=["filing", "state"])
    for one in rows:
        clocks.cancel(subject_kind=CONSULTATION, subject_id=one.id, by=by, now=now)
    clocks.start(
        period=FILING_PERIOD, subject_kind=SUBJECT, subject_id=locked.id, subject_label=locked.number,
        organisation=authority_for(locked.entry.organisation.division_code), by=by, now=now,
    )  # fmt: skip
    _record("file", locked, by, now, departments=len(rows))
    return locked


@transaction.atomic
def withdraw_change(*, change: ServiceChange, by: Actor, now: datetime) -> ServiceChange:
    """Give a change up before it is filed.

    Raises:
        StepNotAllowedError: once it was filed.
        WrongSideError: for others than the provider.
    """
    locked, row = _begin(change, Event.WITHDRAW, by)
    locked.state = row.next
    locked.save(update_fields=["state"])
    for one in locked.consultations.select_related("organisation"):
        clocks.cancel(subject_kind=CONSULTATION, subject_id=one.id, by=by, now=now)
        text = gettext_noop("{who}撤回了“{name}”的服务变更。")
        common.notify(
            one.organisation, None, text, _link(locked), now, who=by.organisation_name,
            name=locked.entry.published_name,
        )  # fmt: skip
    _record("withdraw", locked, by, now)
    return locked


@transaction.atomic
def decide_change(*, change: ServiceChange, accepted: bool, note: str, by: Actor, now: datetime) -> ServiceChange:
    """Accept the filing of a change or not, as the authority; the filing's own page does the same.

    Raises:
        InvalidInputError: if it is not accepted and no reason is given.
        StepNotAllowedError: if it is not filed.
        WrongSideError: for others than the authority.
    """
    locked, _row = _begin(change, Event.ACCEPT if accepted else Event.REFUSE, by)
    assert locked.filing is not None  # noqa: S101 - the registry keeps filed ones with their filing
    decide_filing(filing=locked.filing, accepted=accepted, note=note, by=by, now=now)
    locked.refresh_from_db()
    return locked


def on_filing_decided(filing: Filing, *, by: Actor, now: datetime) -> None:
    """Move the change of a filing the authority decided on, and tell those who use the interface."""
    change = ServiceChange.objects.filter(filing=filing, state=State.FILED).first()
    if change is None:
        return
    locked, row = _begin(change, Event.ACCEPT if filing.accepted else Event.REFUSE, by)
    locked.state = row.next
    locked.save(update_fields=["state"])
    _stop(SUBJECT, locked.id, FILING_PERIOD, by, now)
    _record("accept" if filing.accepted else "refuse", locked, by, now)
    if not filing.accepted:
        return
    for one in locked.consultations.select_related("organisation"):
        text = gettext_noop("“{name}”的服务变更已备案，{day}起生效。")
        common.notify(
            one.organisation, None, text, _link(locked), now, name=locked.entry.published_name,
            day=locked.effective_on,
        )  # fmt: skip


def let_through(entry: Entry, *, items: Collection[str], by: Actor, now: datetime) -> bool:
    """Tell whether an accepted change whose day has come covers these items, and write down that it is made."""
    accepted = ServiceChange.objects.select_for_update(of=("self",)).filter(
        entry=entry, state=State.ACCEPTED, effective_on__lte=civil_date(now)
    )
    for change in accepted.exclude(kind=ServiceChangeKind.STOP).order_by("effective_on"):
        if set(items) <= set(change.items):
            _made(change, by, now, items=list(items))
            return True
    return False


def let_stop(filing: Filing, *, by: Actor, now: datetime) -> bool:
    """Tell whether the day of an accepted end has come, and write down that it is made; a filing by itself has none."""
    change = ServiceChange.objects.select_for_update(of=("self",)).filter(filing=filing).first()
    if change is None or change.state == State.EFFECTIVE:
        return True
    if change.state != State.ACCEPTED or change.effective_on > civil_date(now):
        return False
    _made(change, by, now)
    return True


def _made(change: ServiceChange, by: Actor, now: datetime, **details: object) -> None:
    platform = platform_actor("service change")
    row = admit(SERVICE_CHANGES, change.state, Event.APPLY, sides={Side.PLATFORM}, label=change.number, by=platform)
    change.state, change.applied_at = row.next, now
    change.save(update_fields=["state", "applied_at"])
    _record("apply", change, by, now, **details)


def _begin(change: ServiceChange, event: Event, by: Actor) -> tuple[ServiceChange, Row]:
    locked = (
        ServiceChange.objects.select_for_update(of=("self",))
        .select_related("entry__organisation", "filing")
        .get(id=change.id)
    )
    row = admit(SERVICE_CHANGES, locked.state, event, sides=sides_of_change(locked, by), label=locked.number, by=by)
    return locked, row


def _consult(change: ServiceChange, organisation: Organisation, by: Actor, now: datetime) -> None:
    asked = Consultation.objects.create(change=change, organisation=organisation, asked_at=now)
    try:
        clocks.start(
            period=CONSULT_PERIOD, subject_kind=CONSULTATION, subject_id=asked.id, subject_label=change.number,
            organisation=organisation, by=by, now=now,
        )  # fmt: skip
    except CalendarYearMissingError as missing:
        logger.warning("%s is consulted on without its period: %s", change.number, missing.code)
    common.notify(
        organisation, None, gettext_noop("{who}拟变更“{name}”的服务，请答复。"), _link(change), now,
        who=change.entry.organisation.name, name=change.entry.published_name,
    )  # fmt: skip


def last_days_of(consultations: Collection[UUID]) -> dict[str, date]:
    """Return until when each of those asked may answer, by id; one whose period could not be counted is missing."""
    counted = StatutoryClock.objects.filter(
        subject_kind=CONSULTATION, subject_id__in=[str(one) for one in consultations], state__in=OPEN
    )
    return dict(counted.values_list("subject_id", "due_on"))


def _require_consulted(rows: Sequence[Consultation], now: datetime) -> None:
    """Let a change be filed once nobody may still answer; a period that could not be counted is not over."""
    silent = [one for one in rows if not one.stance]
    last_days = last_days_of([one.id for one in silent])
    waits = [one for one in silent if last_days.get(str(one.id), date.max) >= civil_date(now)]
    if waits:
        due = max((last_days[str(one.id)] for one in waits if str(one.id) in last_days), default=None)
        names = "、".join(one.organisation.short_name for one in waits)
        raise ConsultationOpenError(count=len(waits), due=due or _("工作日历装入后"), departments=names)


def _said(one: Consultation) -> str:
    if not one.stance:
        return _("到期没有答复")
    label = str(one.get_stance_display())
    return f"{label}：{one.text}" if one.text else label


def _stop(kind: str, subject_id: object, period: str, by: Actor, now: datetime) -> None:
    if StatutoryClock.objects.filter(subject_kind=kind, subject_id=str(subject_id), state__in=OPEN).exists():
        clocks.stop(subject_kind=kind, subject_id=subject_id, period=period, by=by, now=now)


def _kind(kind: str) -> str:
    if kind not in ServiceChangeKind.values:
        labels = "、".join(map(str, ServiceChangeKind.labels))
        raise common.invalid("kind", kind, labels, _("请选择怎样变更"), CLAUSE)
    return kind


def _text(field: str, text: str, message: str) -> str:
    return common.require_text(field, text, limit=LONGEST_TEXT, message=message, clause=CLAUSE)


def _items(kind: str, items: Sequence[str]) -> list[str]:
    if kind == ServiceChangeKind.STOP:
        return []
    wanted = list(dict.fromkeys(filter(None, (one.strip() for one in items))))
    if not 1 <= len(wanted) <= MOST_ITEMS:
        raise common.invalid("items", len(wanted), f"1-{MOST_ITEMS}", _("请选择要减少或改变的信息项"), CLAUSE)
    return wanted


def _day(effective_on: date | None, now: datetime) -> date:
    if effective_on is None or effective_on < civil_date(now):
        message = _("请写明从哪一天起变更，不能早于今天")
        raise common.invalid("effective_on", effective_on, civil_date(now).isoformat(), message, CLAUSE)
    return effective_on


def _record(verb: str, change: ServiceChange, by: Actor, now: datetime, **details: object) -> None:
    audit.record(
        event=f"remedy:change:{verb}", by=by, now=now, subject_kind=SUBJECT, subject_id=change.id,
        subject_label=change.number, state=change.state, entry=change.entry.code, **details,
    )  # fmt: skip


def _link(change: ServiceChange) -> str:
    return f"/service-changes/{change.number}"
