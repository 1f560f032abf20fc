"""What disputes look like from outside."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import Field

from jutong.api.shapes.common import ClockOut, OrganisationRef, clock_out, organisation_ref, person
from jutong.api.types import Day, In, Out
from jutong.center.clocks.queries import ClockView
from jutong.center.dispute.models import Dispute, Statement
from jutong.center.dispute.queries import DisputeView

DisputeNumber = Annotated[str, Field(pattern=r"^ZY[0-9]{8}-[0-9]{4,8}$")]
LongText = Annotated[str, Field(min_length=1, max_length=2000)]
Words = Annotated[str, Field(min_length=1, max_length=1000)]


class DisputeRowOut(Out):
    """A dispute in a list."""

    number: str
    state: str
    subject_kind: str
    subject_number: str
    subject_label: str
    claimant: OrganisationRef
    respondent: OrganisationRef
    coordinator: OrganisationRef | None
    raised_at: datetime
    clock: ClockOut | None


class StatementOut(Out):
    """What one side said."""

    organisation: OrganisationRef
    text: str
    by: str
    at: datetime


class DisputeEvidenceOut(Out):
    """A piece of evidence."""

    organisation: OrganisationRef
    title: str
    reference: str
    shows: str
    at: datetime


class ProposalAnswerOut(Out):
    """What a party said to a proposal."""

    organisation: OrganisationRef
    accepted: bool
    reason: str
    at: datetime


class SettlementProposalOut(Out):
    """A way to settle it."""

    organisation: OrganisationRef
    text: str
    execute_by: date
    at: datetime
    is_latest: bool
    answers: list[ProposalAnswerOut]


class GovernmentDecisionOut(Out):
    """What the government of the level decided."""

    outcome: str
    text: str
    reasons: str
    document_number: str
    by: str
    at: datetime


class DisputeOut(DisputeRowOut):
    """A dispute with both views, the evidence and what the caller may do now."""

    government_division: str
    claim: str
    facts: str
    claimant_views: list[StatementOut]
    respondent_views: list[StatementOut]
    evidence: list[DisputeEvidenceOut]
    proposals: list[SettlementProposalOut]
    decision: GovernmentDecisionOut | None
    settlement: str
    execute_by: date | None
    execution_note: str
    may: list[str]


class DisputeIn(In):
    """What is disputed, what is asked for, and why."""

    kind: Annotated[str, Field(max_length=16)]
    subject: Annotated[str, Field(min_length=1, max_length=64)]
    claim: Words
    facts: LongText


class ViewIn(In):
    """The own side's view."""

    text: LongText


class DisputeEvidenceIn(In):
    """What it is, where it is found, what it shows; never a person's values."""

    title: Annotated[str, Field(min_length=1, max_length=128)]
    reference: Annotated[str, Field(max_length=200)] = ""
    shows: Words


class ProposalIn(In):
    """A way to settle it; without a day ten working days are given."""

    text: LongText
    execute_by: Day | None = None


class ProposalAnswerIn(In):
    """Accepted or not; not accepted needs a reason."""

    accepted: bool
    reason: Annotated[str, Field(max_length=1000)] = ""


class DisputeReasonIn(In):
    """Why."""

    reason: Words


class GovernmentDecisionIn(In):
    """What the government of the level decides."""

    outcome: Annotated[str, Field(pattern=r"^(upheld|partly|rejected)$")]
    text: LongText
    reasons: LongText
    document_number: Annotated[str, Field(min_length=1, max_length=64)]
    execute_by: Day | None = None


class ExecutionIn(In):
    """What was done."""

    note: Words


def dispute_row_out(row: Dispute, clock: ClockView | None) -> DisputeRowOut:
    """Return a dispute as lists show it."""
    return DisputeRowOut(**_row(row, clock))


def _row(row: Dispute, clock: ClockView | None) -> dict[str, Any]:
    return {
        "number": row.number,
        "state": row.state,
        "subject_kind": row.subject_kind,
        "subject_number": row.subject_number,
        "subject_label": row.subject_label,
        "claimant": organisation_ref(row.claimant),
        "respondent": organisation_ref(row.respondent),
        "coordinator": organisation_ref(row.coordinator) if row.coordinator else None,
        "raised_at": row.raised_at,
        "clock": clock_out(clock),
    }


def _said(row: Statement) -> StatementOut:
    return StatementOut(organisation=organisation_ref(row.organisation), text=row.text, by=person(row.by), at=row.at)


def dispute_out(view: DisputeView) -> DisputeOut:
    """Return a dispute as its page shows it."""
    row, decision = view.dispute, view.decision
    return DisputeOut(
        **_row(row, view.clock),
        government_division=row.government_division,
        claim=row.claim,
        facts=row.facts,
        claimant_views=[_said(one) for one in view.claimed],
        respondent_views=[_said(one) for one in view.answered],
        evidence=[
            DisputeEvidenceOut(
                organisation=organisation_ref(one.organisation), title=one.title, reference=one.reference,
                shows=one.shows, at=one.at,
            )
            for one in view.evidence
        ],
        proposals=_proposals(view),
        decision=None if decision is None else GovernmentDecisionOut(
            outcome=decision.outcome, text=decision.text, reasons=decision.reasons,
            document_number=decision.document_number, by=person(decision.by), at=decision.at,
        ),
        settlement=row.settlement,
        execute_by=row.execute_by,
        execution_note=row.execution_note,
        may=sorted(event.value for event in view.events),
    )  # fmt: skip


def _proposals(view: DisputeView) -> list[SettlementProposalOut]:
    return [
        SettlementProposalOut(
            organisation=organisation_ref(one.proposal.organisation), text=one.proposal.text,
            execute_by=one.proposal.execute_by, at=one.proposal.at, is_latest=one.is_latest,
            answers=[
                ProposalAnswerOut(
                    organisation=organisation_ref(said.organisation), accepted=said.accepted, reason=said.reason,
                    at=said.at,
                )
                for said in one.responses
            ],
        )
        for one in view.proposals
    ]  # fmt: skip
