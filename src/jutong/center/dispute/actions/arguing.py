"""What the parties and the coordinator put on the table: views, evidence, proposals and answers to them."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from jutong.center.clocks.queries import calendar
from jutong.center.constraints import constraint_errors
from jutong.center.dispute.actions import _common as common
from jutong.center.dispute.actions.raising import CLAUSE, texts
from jutong.center.dispute.enums import DisputeEvent
from jutong.center.dispute.errors import ProposalMissingError
from jutong.center.dispute.models import Dispute, Evidence, Proposal, Response, Statement
from jutong.center.dispute.rules import COORDINATE, DISPUTES, EXECUTION_DAYS, NEGOTIATE
from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.ownership.texts import problem
from jutong.center.process.moments import Moment, tell
from jutong.kernel.clock import civil_date
from jutong.kernel.deadlines import compute
from jutong.kernel.errors import InvalidInputError
from jutong.kernel.i18n import gettext_noop


@transaction.atomic
def state_view(*, dispute: Dispute, text: str, by: Actor, now: datetime) -> Statement:
    """State the own side's view; it stands beside the other's and is never changed.

    Raises:
        InvalidInputError: without a text.
        WrongSideError: for anybody but the parties.
    """
    locked, row = common.begin(dispute, DisputeEvent.STATE_VIEW, by)
    (clean,) = texts((("text", gettext_noop("意见"), text, 2000),))
    made = Statement.objects.create(
        dispute=locked, organisation=org.own_organisation(by), text=clean, by_id=by.user_id, at=now
    )
    common.moved(locked, row, now)
    common.record("state-view", locked, by, now, organisation=by.organisation_code)
    common.tell_parties(gettext_noop("对方就争议{number}“{subject}”陈述了意见。"), locked, now, but=by)
    return made


@transaction.atomic
def add_evidence(
    *, dispute: Dispute, title: str, shows: str, reference: str = "", by: Actor, now: datetime
) -> Evidence:
    """Add a piece of evidence: what it is, where it is found (a record, a receipt, a document), what it shows.

    Raises:
        InvalidInputError: without title or what it shows.
        WrongSideError: for anybody but the parties and the coordinator.
    """
    locked, row = common.begin(dispute, DisputeEvent.ADD_EVIDENCE, by)
    clean_title, clean_shows = texts((
        ("title", gettext_noop("证据名称"), title, 128), ("shows", gettext_noop("证明什么"), shows, 1000),
    ))  # fmt: skip
    made = Evidence.objects.create(
        dispute=locked, organisation=org.own_organisation(by), title=clean_title, shows=clean_shows,
        reference=reference.strip()[:200], by_id=by.user_id, at=now,
    )  # fmt: skip
    common.moved(locked, row, now)
    common.record("add-evidence", locked, by, now, organisation=by.organisation_code, title=clean_title)
    return made


@transaction.atomic
def propose(*, dispute: Dispute, text: str, execute_by: date | None = None, by: Actor, now: datetime) -> Proposal:
    """Propose how to settle it: a party while they negotiate, the coordinator while it coordinates.

    Without a day to execute it by it is ten working days from today.

    Raises:
        InvalidInputError: without a text, or for a day that is not to come.
        WrongSideError: for whoever does not propose at this stage.
    """
    locked, row = common.begin(dispute, DisputeEvent.PROPOSE, by)
    (clean,) = texts((("text", gettext_noop("解决方案"), text, 2000),))
    today = civil_date(now)
    day = execute_by or compute(today, EXECUTION_DAYS, calendar()).due_on
    if day <= today:
        message = gettext_noop("执行期限应在今天之后")
        row_ = problem("execute_by", gettext_noop("执行期限"), CLAUSE, message, found=day.isoformat())
        raise InvalidInputError(problems=[row_])
    made = Proposal.objects.create(
        dispute=locked, organisation=org.own_organisation(by), text=clean, execute_by=day, by_id=by.user_id, at=now
    )
    common.moved(locked, row, now)
    common.record("propose", locked, by, now, organisation=by.organisation_code, execute_by=day.isoformat())
    common.tell_parties(gettext_noop("争议{number}“{subject}”有新的解决方案，请答复。"), locked, now, but=by)
    return made


@transaction.atomic
def answer_proposal(*, dispute: Dispute, accepted: bool, reason: str = "", by: Actor, now: datetime) -> Dispute:
    """Accept the latest proposal or not; accepted by everybody who did not make it, the dispute is settled.

    Raises:
        ProposalMissingError: if there is none this party could answer, or it answered before.
        InvalidInputError: not accepted without a reason.
        WrongSideError: for anybody but the parties.
    """
    event = DisputeEvent.ACCEPT if accepted else DisputeEvent.REJECT
    locked, row = common.begin(dispute, event, by)
    latest = locked.proposals.order_by("-at", "-id").first()
    missing = ProposalMissingError(number=locked.number)
    if latest is None or latest.organisation_id == by.organisation_id:
        raise missing
    clean = reason.strip()[:1000]
    if not accepted:
        (clean,) = texts((("reason", gettext_noop("理由"), reason, 1000),))
    with constraint_errors(proposal_answered_once=missing):
        Response.objects.create(
            proposal=latest, organisation=org.own_organisation(by), accepted=accepted, reason=clean, by_id=by.user_id,
            at=now,
        )  # fmt: skip
    common.moved(locked, row, now)
    common.record("accept" if accepted else "reject", locked, by, now, organisation=by.organisation_code)
    if not accepted:
        common.tell_parties(gettext_noop("对方不接受争议{number}“{subject}”的方案。"), locked, now, but=by)
    elif _all_accepted(locked, latest):
        _settle(locked, latest, by, now)
    return locked


def _all_accepted(dispute: Dispute, proposal: Proposal) -> bool:
    needed = {dispute.claimant_id, dispute.respondent_id} - {proposal.organisation_id}
    said = set(proposal.responses.filter(accepted=True).values_list("organisation_id", flat=True))
    return needed <= said


def _settle(dispute: Dispute, proposal: Proposal, by: Actor, now: datetime) -> None:
    row = DISPUTES.step(dispute.state, DisputeEvent.SETTLE, label=dispute.number)
    for period in (NEGOTIATE, COORDINATE):
        common.stop_clock(period, dispute, by, now)
    dispute.settlement, dispute.closed_at = proposal.text, now
    dispute.execute_by = max(proposal.execute_by, civil_date(now))
    common.moved(dispute, row, now, "settlement", "execute_by", "closed_at")
    common.record("settle", dispute, by, now, execute_by=dispute.execute_by.isoformat())
    text = gettext_noop("争议{number}“{subject}”已达成一致，请按期执行。")
    common.tell_parties(text, dispute, now)
    if dispute.escalated_at is not None:
        common.tell(dispute.coordinator, None, text, dispute, now)
    tell(Moment.DISPUTE_OVER, dispute, by=by, now=now, follow=True)
