"""Naming the source of what several departments publish: propose, hear both sides, designate, revoke (条例 19(2))."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from jutong.center.audit.actions import record
from jutong.center.catalog.models import Entry
from jutong.center.clocks.queries import calendar
from jutong.center.constraints import constraint_errors
from jutong.center.org.actor import Actor
from jutong.center.org.enums import Role
from jutong.center.org.queries import NOBODY, require
from jutong.center.ownership.enums import DesignationEvent, DesignationState, Stance
from jutong.center.ownership.errors import (
    NotHolderError,
    PositionsOutstandingError,
    ProposalOpenError,
    SubjectHeldOnceError,
)
from jutong.center.ownership.models import Holding, ItemSubject, Position, SourceDesignation
from jutong.center.ownership.rules import designation_step, permission_for
from jutong.center.ownership.texts import required
from jutong.center.sharing.models import Notice
from jutong.kernel.clock import civil_date
from jutong.kernel.errors import NotFoundError
from jutong.kernel.i18n import gettext_noop

ANSWER_DAYS = 5
"""Working days the departments have to state their position; the law gives no number."""
ASKED = gettext_noop("拟指定{organisation}为“{name}”的数源部门，请在{answer_by}前表态。")
DESIGNATED = gettext_noop("{organisation}已被指定为“{name}”的数源部门，其他部门的目录应引用{code}。")
REVOKED = gettext_noop("“{name}”的数源指定已撤销：{reason}")
"""The notices to the departments that publish the item."""
CLAUSE = "政务数据共享条例第十九条"


@transaction.atomic
def propose_source(*, subject: ItemSubject, entry: Entry, basis: str, by: Actor, now: datetime) -> SourceDesignation:
    """Propose the source of a subject and ask every department that publishes it for its position.

    Args:
        subject: what is to have one source.
        entry: the published entry in which the source would supply it; its department is the source.
        basis: why: duty, document, the system it is first collected in.
        by: the authority of the division.
        now: when; the departments have ``ANSWER_DAYS`` working days.

    Raises:
        NotFoundError: if the subject is another division's.
        SubjectHeldOnceError: if fewer than two departments publish it.
        NotHolderError: if the entry does not hold it.
        ProposalOpenError: if a proposal is under way.
        InvalidInputError: without a basis.
        ForbiddenError: if ``by`` does not designate.
    """
    require(by, permission_for(DesignationEvent.DESIGNATE))
    locked = ItemSubject.objects.select_for_update().filter(id=subject.id, division_code=by.division_code).first()
    if locked is None:
        raise NotFoundError(what=subject.name)
    if locked.organisation_count < len(Stance):
        raise SubjectHeldOnceError(name=locked.name, count=locked.organisation_count)
    held = _holding(locked, entry)
    text = required(basis, "basis", gettext_noop("依据"), CLAUSE)
    open_ = SourceDesignation.objects.filter(subject=locked, state=DesignationState.PROPOSED).first()
    if open_ is not None:
        raise ProposalOpenError(name=locked.name, organisation=open_.organisation.short_name)
    answer_by = calendar().add_workdays(civil_date(now), ANSWER_DAYS).due_on
    made = SourceDesignation.objects.create(
        subject=locked, organisation=held.organisation, entry=held.entry, basis=text, answer_by=answer_by,
        proposed_by_id=by.user_id, proposed_at=now,
    )  # fmt: skip
    holders = locked.holdings.order_by().values_list("organisation_id", flat=True).distinct()
    Position.objects.bulk_create(Position(designation=made, organisation_id=held_by) for held_by in holders)
    _tell(made, ASKED, now, Role.STEWARD, answer_by=answer_by.isoformat())
    _note("propose", made, by, now, organisation=held.organisation.code, answer_by=answer_by.isoformat())
    return made


@transaction.atomic
def state_position(
    *, designation: SourceDesignation, stance: str, text: str, by: Actor, now: datetime
) -> SourceDesignation:
    """State the position of the actor's department; it may be changed until the authority decides.

    Raises:
        NotFoundError: if the department was not asked.
        InvalidInputError: for an unknown stance, or disagreement without a reason.
        DesignationStepError: if it is decided.
        ForbiddenError: if ``by`` does not speak for a department's data office.
    """
    locked, _ = _open_step(designation, DesignationEvent.STATE, by)
    position = locked.positions.select_for_update().filter(organisation_id=by.organisation_id or NOBODY).first()
    if position is None:
        raise NotFoundError(what=locked.subject.name)
    known = stance if stance in Stance.values else ""
    required(known, "stance", gettext_noop("意见"), CLAUSE)
    if known == Stance.DISAGREE:
        required(text, "text", gettext_noop("理由"), CLAUSE)
    position.stance, position.text = known, text.strip()[:500]
    position.stated_by_id, position.stated_at = by.user_id, now
    position.save(update_fields=["stance", "text", "stated_by", "stated_at"])
    _note("state", locked, by, now, stance=known)
    return locked


@transaction.atomic
def designate(
    *, designation: SourceDesignation, entry: Entry, effective_on: date, by: Actor, now: datetime
) -> SourceDesignation:
    """Designate the source after hearing the departments; a former source of the subject is revoked.

    The authority may decide for another holder than the one proposed.

    Raises:
        PositionsOutstandingError: if departments are silent that still have time to answer.
        NotHolderError: if the entry does not hold the subject.
        DesignationStepError: if it is no proposal any more.
        NotFoundError: if it is another division's.
        ForbiddenError: if ``by`` does not designate.
    """
    locked, state = _open_step(designation, DesignationEvent.DESIGNATE, by)
    held = _holding(locked.subject, entry)
    _hear(locked, civil_date(now))
    former = SourceDesignation.objects.filter(subject=locked.subject, state=DesignationState.DESIGNATED).first()
    if former is not None:
        _end(former, by, now, reason=gettext_noop("已改定数源部门"))
    locked.state, locked.effective_on = state, effective_on
    locked.organisation, locked.entry = held.organisation, held.entry
    locked.decided_by_id, locked.decided_at = by.user_id, now
    open_ = ProposalOpenError(name=locked.subject.name, organisation=held.organisation.short_name)
    with constraint_errors(one_source=open_):
        locked.save()
    _tell(locked, DESIGNATED, now, code=held.entry.code)
    _note("designate", locked, by, now, organisation=held.organisation.code, effective_on=effective_on.isoformat())
    return locked


@transaction.atomic
def revoke_source(*, designation: SourceDesignation, reason: str, by: Actor, now: datetime) -> SourceDesignation:
    """Withdraw a proposal or end a designation, with the reason.

    Raises:
        InvalidInputError: without a reason.
        DesignationStepError: if it is revoked already.
        NotFoundError: if it is another division's.
        ForbiddenError: if ``by`` does not designate.
    """
    locked, _ = _open_step(designation, DesignationEvent.REVOKE, by)
    _end(locked, by, now, reason=required(reason, "reason", gettext_noop("原因"), CLAUSE))
    _tell(locked, REVOKED, now, reason=locked.revoke_reason)
    return locked


def _open_step(designation: SourceDesignation, event: DesignationEvent, by: Actor) -> tuple[SourceDesignation, str]:
    """Return the locked designation of the actor's division and the state the step leads to."""
    require(by, permission_for(event))
    rows = SourceDesignation.objects.select_for_update(of=("self",)).select_related("subject", "organisation", "entry")
    locked = rows.filter(id=designation.id, subject__division_code=by.division_code).first()
    if locked is None:
        raise NotFoundError(what=str(designation.id))
    return locked, designation_step(locked.state, event, name=locked.subject.name).next


def _holding(subject: ItemSubject, entry: Entry) -> Holding:
    held = subject.holdings.filter(entry=entry).select_related("organisation", "entry").first()
    if held is None:
        raise NotHolderError(entry=entry.code, name=subject.name)
    return held


def _hear(designation: SourceDesignation, today: date) -> None:
    silent = list(designation.positions.filter(stance="").select_related("organisation"))
    if silent and today <= designation.answer_by:
        names = "、".join(row.organisation.short_name for row in silent)
        raise PositionsOutstandingError(count=len(silent), organisations=names, answer_by=designation.answer_by)


def _end(designation: SourceDesignation, by: Actor, now: datetime, *, reason: str) -> None:
    designation.state = designation_step(designation.state, DesignationEvent.REVOKE, name=designation.subject.name).next
    designation.revoked_at, designation.revoke_reason = now, reason
    designation.save(update_fields=["state", "revoked_at", "revoke_reason"])
    _note("revoke", designation, by, now, reason=reason)


def _tell(designation: SourceDesignation, text: str, now: datetime, role: str = "", **fields: str) -> None:
    words = {"name": designation.subject.name, "organisation": designation.organisation.name, **fields}
    Notice.objects.bulk_create(
        Notice(
            organisation_id=organisation, role=role, text=text, fields=words,
            link=f"/ownership/{designation.subject_id}", at=now,
        )
        for organisation in designation.positions.values_list("organisation_id", flat=True)
    )  # fmt: skip


def _note(verb: str, designation: SourceDesignation, by: Actor, now: datetime, **details: object) -> None:
    record(
        event=f"ownership:source:{verb}",
        by=by,
        now=now,
        subject_kind="source-designation",
        subject_id=designation.id,
        subject_label=designation.subject.name,
        state=str(designation.state),
        **details,
    )
