"""What corrections, complaints and inquiries look like from outside; values of a person only where asked for."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field

from jutong.api.shapes.common import ClockOut, OrganisationRef, clock_out, organisation_ref, person
from jutong.api.types import Day, In, Line, LongText, Note, Out, Short, Text
from jutong.center.clocks.queries import ClockView
from jutong.center.complaint.models import Complaint, Inquiry, Secrecy
from jutong.center.complaint.queries import ComplaintView, InquiryView
from jutong.center.correction.actions import Claim
from jutong.center.correction.models import Correction, Recipient, Trace
from jutong.center.correction.queries import CaseView

Values = Annotated[dict[Short, Note], Field(max_length=20, description="信息项名称到值 · item name to value")]


class ClaimIn(In):
    """What is wrong with one row. Exactly one of ``grant``, ``record``, ``complaint`` and ``entry`` leads to it."""

    grant: Annotated[Short, Field(description="授权编号 · number of the grant")] = ""
    from_file: Annotated[bool, Field(description="从收到的文件发现 · found in a file")] = False
    record: Annotated[Short, Field(description="访问记录编号 · id of the access record")] = ""
    complaint: Annotated[Short, Field(description="投诉编号 · number of the complaint")] = ""
    entry: Annotated[Short, Field(description="目录代码 · code of the entry")] = ""
    key: Values
    claimed: Values
    present: Values = Field(default_factory=dict)
    kind: Literal["inaccurate", "incomplete", "inconsistent", "duplicate", "outdated", "other"]
    urgency: Literal["normal", "urgent"] = "normal"
    statement: LongText
    evidence: LongText = ""
    business: Annotated[str, Field(max_length=200)] = ""

    def claim(self) -> Claim:
        """Return the claim as the domain takes it."""
        return Claim(
            key=self.key, claimed=self.claimed, present=self.present, kind=self.kind, urgency=self.urgency,
            statement=self.statement, evidence=self.evidence, business=self.business,
        )  # fmt: skip


class CorrectionAnswerIn(In):
    """What verification found; ``corrected`` only where the claim is upheld."""

    finding: Literal["true", "partly", "false", "unknown"]
    corrected: Values = Field(default_factory=dict)
    text: LongText


class CorrectionDisputeIn(In):
    """What is asked for, and why; both sides and the coordinator read it, so no value of a person belongs here."""

    claim: Text
    facts: LongText


class CorrectionOut(Out):
    """One correction as lists show it; no value of a person."""

    number: str
    state: str
    entry_code: str
    entry_name: str
    items: list[str]
    kind: str
    origin: str
    urgency: str
    business: str
    raiser: OrganisationRef
    responsible: OrganisationRef
    finding: str
    mark: str
    mark_problem: str
    marked_at: datetime | None
    unmarked_at: datetime | None
    created_at: datetime
    answered_at: datetime | None
    closed_at: datetime | None
    archive_number: str
    dispute_number: str
    clock: ClockOut | None


class RecipientOut(Out):
    """A holder who had received the row, and when it had the corrected value."""

    organisation: OrganisationRef
    grant_number: str
    told_at: datetime | None
    way: str
    confirmed_at: datetime | None


class TraceOut(Out):
    """What one node found."""

    node: str
    ordered_at: datetime
    answered_at: datetime | None
    is_complete: bool
    problem: str
    records: int


class DoubtedOut(Out):
    """One doubted item; masked unless revealed."""

    item: str
    present: str
    claimed: str
    corrected: str


class CorrectionDetailOut(CorrectionOut):
    """One correction with its trail. Key, values and texts are for the two sides, and masked unless revealed."""

    events: list[str]
    recipients: list[RecipientOut]
    traces: list[TraceOut]
    key: dict[str, str]
    values: list[DoubtedOut]
    statement: str
    evidence: str
    answer: str
    revealed: bool


class ComplaintAnswerIn(In):
    """The department's answer."""

    text: LongText


class TransferIn(In):
    """Where a complaint belongs."""

    to: Annotated[Short, Field(description="部门的统一社会信用代码 · credit code of the department")]


class ComplaintOut(Out):
    """One complaint as lists show it; no word of the person."""

    number: str
    kind: str
    state: str
    receiver: OrganisationRef
    entry_code: str
    record_id: str
    received_at: datetime
    answered_at: datetime | None
    reviewed_at: datetime | None
    closed_at: datetime | None
    clock: ClockOut | None


class ComplaintDetailOut(ComplaintOut):
    """One complaint with its trail; the words are there only after they were asked to be shown."""

    events: list[str]
    corrections: list[str]
    text: str
    name: str
    contact: str
    answer: str
    review: str
    revealed: bool


class IdentityIn(In):
    """Who stands at the counter; the number is kept sealed and erased with the inquiry."""

    document: Literal["identity-card", "passport", "residence", "other"]
    number: Annotated[str, Field(max_length=32)]
    name: Line
    is_agent: bool = False
    checked: Annotated[bool, Field(description="已核对原件和本人 · document and person were compared")]


class InquiryOut(Out):
    """One inquiry; who asked is never in an answer."""

    number: str
    state: str
    document: str
    is_agent: bool
    checked_at: datetime
    checked_by: str
    ready_at: datetime | None
    valid_until: datetime
    closed_at: datetime | None
    clock: ClockOut | None


class InquiryDetailOut(InquiryOut):
    """One inquiry with what the nodes have answered."""

    events: list[str]
    traces: list[TraceOut]
    silent: list[str]


class InquiryCodeOut(Out):
    """Number and code for the person; the code is in this answer only."""

    number: str
    code: str
    valid_until: datetime


class SecrecyIn(In):
    """The law under which uses of a grant are not told before a day."""

    grant: Short
    basis_title: Line
    basis_article: Short
    until: Day


class SecrecyOut(Out):
    """A basis of secrecy."""

    grant_number: str
    organisation: OrganisationRef
    basis_title: str
    basis_article: str
    stated_at: datetime
    until: date
    disclosed_at: datetime | None


def correction_out(row: Correction, clock: ClockView | None) -> CorrectionOut:
    """Return a correction as lists show it."""
    return CorrectionOut(
        number=row.number,
        state=row.state,
        entry_code=row.entry.code,
        entry_name=row.version.name,
        items=list(row.items),
        kind=row.kind,
        origin=row.origin,
        urgency=row.urgency,
        business=row.business,
        raiser=organisation_ref(row.raiser),
        responsible=organisation_ref(row.responsible),
        finding=row.finding,
        mark=row.mark,
        mark_problem=row.mark_problem,
        marked_at=row.marked_at,
        unmarked_at=row.unmarked_at,
        created_at=row.created_at,
        answered_at=row.answered_at,
        closed_at=row.closed_at,
        archive_number=row.archive_number,
        dispute_number=row.dispute_number,
        clock=clock_out(clock),
    )


def _recipient(row: Recipient) -> RecipientOut:
    return RecipientOut(
        organisation=organisation_ref(row.organisation), grant_number=row.grant.number, told_at=row.told_at,
        way=row.way, confirmed_at=row.confirmed_at,
    )  # fmt: skip


def _trace(row: Trace) -> TraceOut:
    return TraceOut(
        node=row.node_id, ordered_at=row.ordered_at, answered_at=row.answered_at, is_complete=row.is_complete,
        problem=row.problem, records=int(getattr(row, "found", 0)),
    )  # fmt: skip


def correction_detail_out(view: CaseView) -> CorrectionDetailOut:
    """Return a correction with its trail as answers show it."""
    return CorrectionDetailOut(
        **dict(correction_out(view.correction, view.clock)),
        events=sorted(view.events),
        recipients=[_recipient(row) for row in view.recipients],
        traces=[_trace(row) for row in view.traces],
        key=view.key,
        values=[
            DoubtedOut(item=row.item, present=row.present, claimed=row.claimed, corrected=row.corrected)
            for row in view.values
        ],
        statement=view.statement,
        evidence=view.evidence,
        answer=view.answer,
        revealed=view.revealed,
    )


def complaint_out(row: Complaint, clock: ClockView | None) -> ComplaintOut:
    """Return a complaint as lists show it."""
    return ComplaintOut(
        number=row.number,
        kind=row.kind,
        state=row.state,
        receiver=organisation_ref(row.receiver),
        entry_code=row.entry.code if row.entry else "",
        record_id=row.record_id,
        received_at=row.received_at,
        answered_at=row.answered_at,
        reviewed_at=row.reviewed_at,
        closed_at=row.closed_at,
        clock=clock_out(clock),
    )


def complaint_detail_out(view: ComplaintView) -> ComplaintDetailOut:
    """Return a complaint with its trail as answers show it."""
    return ComplaintDetailOut(
        **dict(complaint_out(view.complaint, view.clock)),
        events=sorted(view.events),
        corrections=[row.number for row in view.corrections],
        text=view.text,
        name=view.name,
        contact=view.contact,
        answer=view.answer,
        review=view.review,
        revealed=view.revealed,
    )


def inquiry_out(row: Inquiry, clock: ClockView | None) -> InquiryOut:
    """Return an inquiry as lists show it."""
    return InquiryOut(
        number=row.number,
        state=row.state,
        document=row.document,
        is_agent=row.is_agent,
        checked_at=row.checked_at,
        checked_by=person(row.checked_by),
        ready_at=row.ready_at,
        valid_until=row.valid_until,
        closed_at=row.closed_at,
        clock=clock_out(clock),
    )


def inquiry_detail_out(view: InquiryView) -> InquiryDetailOut:
    """Return an inquiry with the nodes' answers."""
    return InquiryDetailOut(
        **dict(inquiry_out(view.inquiry, view.clock)),
        events=sorted(view.events),
        traces=[_trace(row) for row in view.traces],
        silent=view.silent,
    )


def secrecy_out(row: Secrecy) -> SecrecyOut:
    """Return a basis of secrecy as answers show it."""
    return SecrecyOut(
        grant_number=row.grant.number,
        organisation=organisation_ref(row.grant.requester),
        basis_title=row.basis_title,
        basis_article=row.basis_article,
        stated_at=row.stated_at,
        until=row.until,
        disclosed_at=row.disclosed_at,
    )
