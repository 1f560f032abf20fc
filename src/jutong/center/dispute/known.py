"""The subjects this app knows by itself: applications, needs and designations of sources."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from jutong.center.clocks.models import StatutoryClock
from jutong.center.clocks.queries import OPEN
from jutong.center.demand import queries as demands
from jutong.center.demand.enums import HolderAnswer
from jutong.center.demand.parties import participants
from jutong.center.dispute.enums import SubjectKind
from jutong.center.dispute.subjects import Subject, register_subject
from jutong.center.org.actor import Actor
from jutong.center.org.queries import authority_for
from jutong.center.ownership import queries as ownership
from jutong.center.ownership.models import Position
from jutong.center.sharing import queries as sharing
from jutong.center.sharing.enums import ApplicationState
from jutong.kernel.clock import civil_date
from jutong.kernel.errors import NotFoundError


def register_all() -> None:
    """Let these kinds be disputed; called when the app is ready."""
    register_subject(SubjectKind.APPLICATION, application)
    register_subject(SubjectKind.DEMAND, demand)
    register_subject(SubjectKind.DESIGNATION, designation)


def application(actor: Actor, number: str, now: datetime) -> Subject:
    """An application that was refused, or whose reply or supply is overdue."""
    found = sharing.application(actor, number)
    if actor.organisation_id not in {found.requester_id, found.provider_id}:
        raise NotFoundError(what=number)
    overdue = StatutoryClock.objects.filter(
        subject_kind="application", subject_id=str(found.id), state__in=OPEN, due_on__lt=civil_date(now)
    ).exists()
    grounds = found.state in {ApplicationState.REFUSED, ApplicationState.SUSPENDED, ApplicationState.TERMINATED}
    narrowed = any(row.answer in {"narrowed", "refused"} for row in found.items.all())
    why_not = "" if grounds or narrowed or overdue else _("没有被拒绝或少给，答复和供给也没有超期")
    respondent = found.provider if actor.organisation_id == found.requester_id else found.requester
    return Subject(
        SubjectKind.APPLICATION, found.number, str(found), f"/applications/{found.number}", respondent, why_not
    )


def demand(actor: Actor, number: str, now: datetime) -> Subject:
    """A need whose entry is 不予共享, or that a holder denied to have."""
    found = demands.demand(actor, number)
    if actor.organisation_id not in participants(found):
        raise NotFoundError(what=number)
    link = f"/demands/{found.number}"
    if found.entry is not None and found.entry.share_attribute == "none":
        return Subject(SubjectKind.DEMAND, found.number, str(found), link, found.entry.organisation)
    denied = found.assignments.filter(answer__in=(HolderAnswer.NOT_HELD, HolderAnswer.NOT_COLLECTED))
    last = denied.select_related("holder").order_by("-answered_at").first()
    if last is not None:
        return Subject(SubjectKind.DEMAND, found.number, str(found), link, last.holder)
    authority = authority_for(found.division_code)
    why_not = _("对应的目录不是不予共享，也没有部门答复不持有或未采集")
    return Subject(SubjectKind.DEMAND, found.number, str(found), link, authority, why_not)


def designation(actor: Actor, number: str, now: datetime) -> Subject:
    """A designation of a source, by a department that was asked about it; the other side is the authority."""
    found = ownership.designation(actor, number)
    asked = Position.objects.filter(designation=found).values_list("organisation_id", flat=True)
    if actor.organisation_id not in {*asked, found.organisation_id}:
        raise NotFoundError(what=number)
    why_not = "" if found.state == "designated" else _("还没有指定，或已经撤销")
    label = _("“%(item)s”指定%(organisation)s为数源部门") % {
        "item": found.subject.name, "organisation": found.organisation.short_name,
    }  # fmt: skip
    authority = authority_for(found.subject.division_code)
    return Subject(
        SubjectKind.DESIGNATION, str(found.id), label[:200], f"/ownership/{found.subject_id}", authority, why_not
    )
