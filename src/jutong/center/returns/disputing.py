"""数据回流 as something that can be disputed (条例 28): late, with a gap, or with items left out."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from jutong.center.dispute.enums import SubjectKind
from jutong.center.dispute.subjects import Subject, register_subject
from jutong.center.org.actor import Actor
from jutong.center.returns import queries
from jutong.center.returns.enums import ReturnState
from jutong.center.returns.models import ReturnFlow
from jutong.kernel.errors import NotFoundError


def connect() -> None:
    """Let returns be disputed; called when the app is ready."""
    register_subject(SubjectKind.RETURN, subject)


def subject(actor: Actor, number: str, now: datetime) -> Subject:
    """A return, for its two sides."""
    found = queries.return_flow(actor, number)
    if actor.organisation_id not in {found.requester_id, found.provider_id}:
        raise NotFoundError(what=number)
    respondent = found.provider if actor.organisation_id == found.requester_id else found.requester
    return Subject(
        SubjectKind.RETURN, found.number, str(found)[:200], f"/returns/{found.number}", respondent, _why_not(found, now)
    )


def _why_not(found: ReturnFlow, now: datetime) -> str:
    clock = queries.clocks_of([found], now).get(str(found.id))
    is_late = clock is not None and clock.state == "over"
    if found.state == ReturnState.SHORT or is_late or found.items.exclude(left_out="").exists():
        return ""
    return _("没有缺口，没有少给信息项，也没有超期")
