"""Raising a dispute, and taking it back."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from jutong.center.clocks import actions as clocks
from jutong.center.constraints import constraint_errors
from jutong.center.dispute.actions import _common as common
from jutong.center.dispute.enums import DisputeEvent, DisputeState
from jutong.center.dispute.errors import DisputeOpenError
from jutong.center.dispute.models import Dispute
from jutong.center.dispute.parties import coordinator_for, government_for
from jutong.center.dispute.rules import NEGOTIATE, OPEN
from jutong.center.dispute.subjects import Subject, disputable
from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.org.models import Organisation
from jutong.center.org.permissions import Permission
from jutong.center.ownership.texts import problem
from jutong.center.process.moments import Moment, tell
from jutong.center.sharing.numbers import next_number
from jutong.kernel.errors import InvalidInputError
from jutong.kernel.i18n import gettext_noop

NUMBER = "ZY"
CLAUSE = "条例 28"
_MISSING = gettext_noop("必须填写，且不超过规定长度")


@transaction.atomic
def raise_dispute(*, kind: str, number: str, claim: str, facts: str, by: Actor, now: datetime) -> Dispute:
    """Raise a dispute about a case the actor's department has a stake in; negotiation begins (条例 28).

    Args:
        kind: a value of ``SubjectKind`` some process registered.
        number: of the case.
        claim: what is asked for, 1 to 1000 characters.
        facts: why, 1 to 2000 characters.
        by: somebody of the department.
        now: when.

    Raises:
        DisputeSubjectError: if the case gives no ground now.
        DisputeOpenError: while another about it goes on.
        InvalidInputError: for an unknown kind or missing text.
        NotFoundError: for a case the actor has no stake in.
        ForbiddenError: if the post raises no disputes.
    """
    org.require(by, Permission.DISPUTE_CASE_RAISE)
    return open_case(disputable(by, kind, number, now), claim=claim, facts=facts, by=by, now=now)


@transaction.atomic
def open_case(subject: Subject, *, claim: str, facts: str, by: Actor, now: datetime) -> Dispute:
    """Open a dispute about a subject another process vouches for; the claimant is the actor's department.

    Raises:
        DisputeOpenError: while another about it goes on.
        InvalidInputError: for missing text.
    """
    claimant: Organisation = org.own_organisation(by)
    clean_claim, clean_facts = texts((("claim", gettext_noop("诉求"), claim, 1000),
                                      ("facts", gettext_noop("事实和理由"), facts, 2000)))  # fmt: skip
    running = Dispute.objects.filter(
        subject_kind=subject.kind, subject_number=subject.number, claimant=claimant, state__in=OPEN
    ).first()
    again = DisputeOpenError(subject=subject.label, number=running.number if running else "")
    if running is not None:
        raise again
    coordinator = coordinator_for(claimant, subject.respondent)
    dispute = Dispute(
        number=next_number(NUMBER, now), state=DisputeState.NEGOTIATING, subject_kind=subject.kind,
        subject_number=subject.number, subject_label=subject.label[:200], subject_link=subject.link[:200],
        claimant=claimant, respondent=subject.respondent, coordinator=coordinator,
        government_division=government_for(claimant, subject.respondent, coordinator), claim=clean_claim,
        facts=clean_facts, raised_by_id=by.user_id, raised_at=now, moved_at=now,
    )  # fmt: skip
    with constraint_errors(one_open_dispute_a_subject=again):
        dispute.save(force_insert=True)
    common.start_clock(NEGOTIATE, dispute, subject.respondent, by, now)
    common.record("raise", dispute, by, now, kind=subject.kind, respondent=subject.respondent.code)
    text = gettext_noop("就“{subject}”收到争议{number}，请先协商。")
    common.tell(subject.respondent, None, text, dispute, now)
    tell(Moment.DISPUTE_RAISED, dispute, by=by, now=now)
    return dispute


def texts(rows: tuple[tuple[str, str, str, int], ...]) -> list[str]:
    """Return texts without blanks around them; each row is place, label, text and longest.

    Raises:
        InvalidInputError: naming every one that is missing or too long.
    """
    plain = [(place, label, text.strip(), longest) for place, label, text, longest in rows]
    wrong = [
        problem(place, label, CLAUSE, _MISSING, found=text[:100])
        for place, label, text, longest in plain
        if not 1 <= len(text) <= longest or "\x00" in text
    ]
    if wrong:
        raise InvalidInputError(problems=wrong)
    return [text for _place, _label, text, _longest in plain]


@transaction.atomic
def withdraw_dispute(*, dispute: Dispute, by: Actor, now: datetime) -> Dispute:
    """Take a dispute back before it is decided; its clocks are called off.

    Raises:
        WrongSideError: for anybody but the claimant.
        StepNotAllowedError: once it was agreed or decided.
    """
    locked, row = common.begin(dispute, DisputeEvent.WITHDRAW, by)
    clocks.cancel(subject_kind=common.SUBJECT, subject_id=locked.id, by=by, now=now)
    locked.closed_at = now
    common.moved(locked, row, now, "closed_at")
    common.record("withdraw", locked, by, now)
    text = gettext_noop("关于“{subject}”的争议{number}已撤回。")
    common.tell_parties(text, locked, now, but=by)
    if locked.escalated_at is not None:
        common.tell(locked.coordinator, None, text, locked, now)
    tell(Moment.DISPUTE_OVER, locked, by=by, now=now, follow=False)
    return locked
