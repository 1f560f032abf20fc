"""What a dispute about an answer does to the case, and how the answer is found by whoever raises one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from jutong.center.correction import actions, queries
from jutong.center.correction.enums import CorrectionState, Finding
from jutong.center.correction.models import Correction
from jutong.center.dispute.enums import SubjectKind
from jutong.center.dispute.subjects import Subject, register_subject
from jutong.center.org.actor import Actor, platform_actor
from jutong.center.process.moments import Moment, listen
from jutong.kernel.errors import NotFoundError

_ANSWERED = {CorrectionState.ANSWERED, CorrectionState.TRAVELLING}


def listen_all() -> None:
    """Let answers be disputed and hear how it ends; called when the app is ready."""
    register_subject(SubjectKind.CORRECTION, subject)
    listen(Moment.DISPUTE_RAISED, "correction", raised)
    listen(Moment.DISPUTE_OVER, "correction", over)


def subject(actor: Actor, number: str, now: datetime) -> Subject:
    """Return an answer somebody may dispute: the raising department, while it was not upheld whole.

    Raises:
        NotFoundError: for others.
    """
    found = queries.correction_of(actor, number)
    if actor.organisation_id != found.raiser_id:
        raise NotFoundError(what=number)
    why_not = ""
    if found.state not in _ANSWERED:
        why_not = _("还没有反馈，或已经办结")
    elif found.finding == Finding.TRUE:
        why_not = _("核实结论是属实")
    elif found.raiser_id == found.responsible_id:
        why_not = _("提出方和责任部门是同一个部门")
    label = f"{found.number} {found.version.name}"
    return Subject(
        SubjectKind.CORRECTION, found.number, label, f"/corrections/{found.number}", found.responsible, why_not
    )


def _case(dispute: Any) -> Correction | None:
    if dispute.subject_kind != SubjectKind.CORRECTION:
        return None
    return Correction.objects.filter(number=dispute.subject_number).first()


def raised(dispute: Any, *, by: Actor, now: datetime) -> None:
    """Mark the row again while its answer is disputed."""
    found = _case(dispute)
    if found is not None:
        actions.disputed(correction=found, by=by, now=now, number=dispute.number)


def over(dispute: Any, *, by: Actor, now: datetime, follow: bool) -> None:
    """Verify again where the dispute asks for it, else end the case."""
    found = _case(dispute)
    if found is not None and found.state == CorrectionState.DISPUTED:
        actions.dispute_over(correction=found, for_raiser=follow, by=platform_actor("dispute"), now=now)
