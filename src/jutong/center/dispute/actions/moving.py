"""From one stage to the next: coordination, government, decision, execution (条例 28)."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from jutong.center.clocks.queries import calendar
from jutong.center.dispute.actions import _common as common
from jutong.center.dispute.actions.raising import CLAUSE, texts
from jutong.center.dispute.enums import DisputeEvent, DisputeState, Outcome
from jutong.center.dispute.errors import (
    CoordinationRunningError,
    CoordinatorExistsError,
    MediatorDecidesError,
    NegotiateFirstError,
    NoCoordinatorError,
    NoGovernmentError,
)
from jutong.center.dispute.models import Decision, Dispute, Evidence, Proposal, Response, Statement
from jutong.center.dispute.parties import coordinator_for, government_for
from jutong.center.dispute.rules import COORDINATE, EXECUTION_DAYS, GOVERN, NEGOTIATE
from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.org.enums import Role
from jutong.center.org.lineage import authority_of
from jutong.center.org.models import Organisation
from jutong.center.ownership.texts import problem
from jutong.center.process.moments import Moment, tell
from jutong.kernel.clock import civil_date
from jutong.kernel.deadlines import compute
from jutong.kernel.errors import InvalidInputError
from jutong.kernel.i18n import gettext_noop


def _require_negotiated(dispute: Dispute, now: datetime) -> None:
    """Let nobody be asked to coordinate before the other side had its say or its time.

    Raises:
        NegotiateFirstError: while both are still due.
    """
    due = common.time_left(dispute, NEGOTIATE, civil_date(now))
    parties = {dispute.claimant_id, dispute.respondent_id}
    said = Statement.objects.filter(dispute=dispute).values_list("organisation_id", flat=True)
    refused = Response.objects.filter(proposal__dispute=dispute, accepted=False).exists()
    if due is not None and not refused and dispute.respondent_id not in set(said) & parties:
        raise NegotiateFirstError(number=dispute.number, due=due)


@transaction.atomic
def escalate(*, dispute: Dispute, reason: str, by: Actor, now: datetime) -> Dispute:
    """Ask the common authority to coordinate, because negotiation failed; its clock starts.

    The coordinator is computed anew from the register of organisations and divisions.

    Raises:
        NegotiateFirstError: while the other side has neither spoken nor used its time up.
        NoCoordinatorError: if nobody is common to both.
        InvalidInputError: without a reason.
    """
    locked, row = common.begin(dispute, DisputeEvent.ESCALATE, by)
    (clean,) = texts((("reason", gettext_noop("协商不成的情况"), reason, 1000),))
    _require_negotiated(locked, now)
    coordinator = coordinator_for(locked.claimant, locked.respondent)
    if coordinator is None:
        raise NoCoordinatorError(number=locked.number)
    common.stop_clock(NEGOTIATE, locked, by, now)
    locked.coordinator, locked.escalated_at = coordinator, now
    locked.government_division = coordinator.division_code
    common.moved(locked, row, now, "coordinator", "escalated_at", "government_division")
    common.start_clock(COORDINATE, locked, coordinator, by, now)
    common.record("escalate", locked, by, now, coordinator=coordinator.code, reason=clean)
    common.tell(coordinator, Role.AUTHORITY, gettext_noop("争议{number}“{subject}”申请您协调。"), locked, now)
    common.tell_parties(gettext_noop("争议{number}“{subject}”已申请主管部门协调。"), locked, now)
    return locked


@transaction.atomic
def refer(*, dispute: Dispute, reason: str, by: Actor, now: datetime) -> Dispute:
    """Put a dispute before the government of the level; its clock starts.

    The coordinator does so when coordination failed; a party when the coordinator's time is over, or at once where
    no authority is common to both.

    Raises:
        CoordinationRunningError: for a party while the coordinator has time.
        CoordinatorExistsError: from negotiation, where somebody can coordinate.
        NegotiateFirstError: from negotiation, while the other side has neither spoken nor used its time up.
        NoGovernmentError: where no division holds both.
        InvalidInputError: without a reason.
    """
    locked, row = common.begin(dispute, DisputeEvent.REFER, by)
    (clean,) = texts((("reason", gettext_noop("报请的理由"), reason, 1000),))
    coordinator = locked.coordinator
    if locked.state == DisputeState.NEGOTIATING:
        _require_negotiated(locked, now)
        coordinator = coordinator_for(locked.claimant, locked.respondent)
        if coordinator is not None:
            raise CoordinatorExistsError(number=locked.number, coordinator=coordinator.short_name)
    elif coordinator is not None and by.organisation_id != coordinator.id:
        due = common.time_left(locked, COORDINATE, civil_date(now))
        if due is not None:
            raise CoordinationRunningError(number=locked.number, coordinator=coordinator.short_name, due=due)
    division = government_for(locked.claimant, locked.respondent, coordinator)
    authority = authority_of(division) if division else None
    if authority is None:
        raise NoGovernmentError(number=locked.number)
    for period in (NEGOTIATE, COORDINATE):
        common.stop_clock(period, locked, by, now)
    locked.referred_at, locked.refer_reason, locked.government_division = now, clean, division
    common.moved(locked, row, now, "referred_at", "refer_reason", "government_division")
    common.start_clock(GOVERN, locked, authority, by, now)
    common.record("refer", locked, by, now, division=division, reason=clean)
    common.tell(authority, Role.LEADER, gettext_noop("争议{number}“{subject}”报请本级人民政府决定。"), locked, now)
    common.tell_parties(gettext_noop("争议{number}“{subject}”已报请本级人民政府决定。"), locked, now)
    return locked


@transaction.atomic
def decide_dispute(
    *,
    dispute: Dispute,
    outcome: str,
    text: str,
    reasons: str,
    document_number: str,
    execute_by: date | None = None,
    by: Actor,
    now: datetime,
) -> Dispute:
    """Record the decision of the government of the level; it is final and has to be executed.

    Raises:
        MediatorDecidesError: for whoever took part in the coordination.
        InvalidInputError: for an unknown outcome, a missing text or a day that is not to come.
        WrongSideError: for anybody but the government of the level.
    """
    locked, row = common.begin(dispute, DisputeEvent.DECIDE, by)
    if _took_part(locked, by):
        raise MediatorDecidesError(name=by.name, number=locked.number)
    today = civil_date(now)
    day = execute_by or compute(today, EXECUTION_DAYS, calendar()).due_on
    wrong = []
    if outcome not in Outcome.values:
        message = gettext_noop("请选支持、部分支持或不支持")
        wrong.append(problem("outcome", gettext_noop("决定结果"), CLAUSE, message, found=outcome[:20]))
    if day <= today:
        message = gettext_noop("执行期限应在今天之后")
        wrong.append(problem("execute_by", gettext_noop("执行期限"), CLAUSE, message, found=day.isoformat()))
    if wrong:
        raise InvalidInputError(problems=wrong)
    clean, why, document = texts((
        ("text", gettext_noop("决定"), text, 2000), ("reasons", gettext_noop("理由"), reasons, 2000),
        ("document_number", gettext_noop("文号"), document_number, 64),
    ))  # fmt: skip
    common.stop_clock(GOVERN, locked, by, now)
    Decision.objects.create(
        dispute=locked, outcome=outcome, text=clean, reasons=why, document_number=document,
        by_id=by.user_id or org.NOBODY, at=now,
    )  # fmt: skip
    locked.closed_at, locked.execute_by = now, day
    common.moved(locked, row, now, "closed_at", "execute_by")
    common.record("decide", locked, by, now, outcome=outcome, document=document, execute_by=day.isoformat())
    told = gettext_noop("争议{number}“{subject}”已由本级人民政府决定，请按期执行。")
    common.tell_parties(told, locked, now)
    common.tell(locked.coordinator, None, told, locked, now)
    tell(Moment.DISPUTE_OVER, locked, by=by, now=now, follow=outcome != Outcome.REJECTED)
    return locked


def _took_part(dispute: Dispute, by: Actor) -> bool:
    """Tell whether a person acted for the coordinator or a party before."""
    mine = {"by_id": by.user_id or org.NOBODY}
    return (
        Proposal.objects.filter(dispute=dispute, **mine).exists()
        or Statement.objects.filter(dispute=dispute, **mine).exists()
        or Evidence.objects.filter(dispute=dispute, **mine).exists()
        or dispute.raised_by_id == by.user_id
    )


@transaction.atomic
def execute_dispute(*, dispute: Dispute, note: str, by: Actor, now: datetime) -> Dispute:
    """Say that what was agreed or decided is done; the claimant does.

    Raises:
        InvalidInputError: without saying how.
        WrongSideError: for anybody but the claimant.
    """
    locked, row = common.begin(dispute, DisputeEvent.EXECUTE, by)
    (clean,) = texts((("note", gettext_noop("执行情况"), note, 1000),))
    locked.execution_note, locked.executed_at = clean, now
    common.moved(locked, row, now, "execution_note", "executed_at")
    late = locked.execute_by is not None and civil_date(now) > locked.execute_by
    common.record("execute", locked, by, now, late=late)
    told = gettext_noop("争议{number}“{subject}”已执行完毕。")
    common.tell_parties(told, locked, now, but=by)
    coordinator: Organisation | None = locked.coordinator if locked.escalated_at else None
    common.tell(coordinator, None, told, locked, now)
    return locked
