"""违反协议的认定 as something that can be disputed (条例 28): contested, or explained in vain."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from jutong.center.agreement import queries
from jutong.center.agreement.enums import BreachState
from jutong.center.agreement.models import Breach
from jutong.center.dispute.enums import SubjectKind
from jutong.center.dispute.subjects import Subject, register_subject
from jutong.center.org.actor import Actor
from jutong.center.org.models import Organisation
from jutong.kernel.errors import NotFoundError


def connect() -> None:
    """Let breaches be disputed; called when the app is ready."""
    register_subject(SubjectKind.BREACH, subject)


def subject(actor: Actor, number: str, now: datetime) -> Subject:
    """A breach, for the two sides of the agreement and for whoever is said to answer for it."""
    found, _events = queries.breach(actor, number)
    agreement, responsible = found.agreement, found.responsible
    sides = {agreement.requester_id: agreement.requester, agreement.provider_id: agreement.provider}
    if actor.organisation_id not in {*sides, found.responsible_id}:
        raise NotFoundError(what=number)
    label = _("%(number)s违反协议%(agreement)s：%(kind)s") % {
        "number": found.number, "agreement": agreement.number, "kind": found.obligation.get_kind_display(),
    }  # fmt: skip
    respondent = responsible or agreement.provider
    if respondent.id == actor.organisation_id:
        respondent = _other_side(found, respondent)
    return Subject(
        SubjectKind.BREACH, found.number, label[:200], f"/breaches/{found.number}", respondent, _why_not(found)
    )


def _other_side(found: Breach, responsible: Organisation) -> Organisation:
    agreement = found.agreement
    return agreement.provider if responsible.id == agreement.requester_id else agreement.requester


def _why_not(found: Breach) -> str:
    refused = found.state == BreachState.FOUND and found.verdict
    if found.state == BreachState.CONTESTED or refused:
        return ""
    return _("责任方没有提出异议，说明也没有被退回")
