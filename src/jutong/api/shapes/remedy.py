"""What rectifications, disposals, ledgers and service changes look like from outside."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import Field

from jutong.api.shapes.common import ClockOut, OrganisationRef, clock_out, organisation_ref, person
from jutong.api.types import Day, Ident, In, Note, Out, Short, Text
from jutong.center.remedy import queries
from jutong.center.remedy.enums import CopyKind, DisposalMethod, LedgerPart
from jutong.center.remedy.models import Certificate, Disposal, LedgerEntry, Rectification
from jutong.center.sharing.models import Grant

GrantNumber = Annotated[str, Field(pattern=r"^GQ[0-9]{8}-[0-9]{4,9}$", description="授权编号 · number of the grant")]
Days = Annotated[int, Field(ge=1, le=60, description="工作日 · working days")]
Said = Annotated[Text, Field(min_length=1)]
Why = Annotated[Note, Field(min_length=1)]
Place = Annotated[str, Field(min_length=1, max_length=200, description="在哪里 · where the copy is")]
RecordId = Annotated[str, Field(min_length=1, max_length=36)]


class RectifyIn(In):
    """What was found, what has to be put right and in how many working days."""

    grant: GrantNumber
    finding: Said
    demands: Said
    days: Days
    records: list[RecordId] = Field(default=[], max_length=50)


class RectifyAgainIn(In):
    """Another limit."""

    demands: Said
    days: Days


class RectifiedIn(In):
    """What was put right."""

    text: Annotated[str, Field(min_length=1, max_length=2000)]


class JudgedIn(In):
    """A judgement with its reason."""

    note: Why


class AcceptedIn(In):
    """An acceptance; a word is welcome."""

    note: Note = ""


class RectificationReportOut(Out):
    """One round's result and what became of it; ``accepted`` is empty while nobody judged."""

    round: int
    text: str
    by: str
    at: datetime
    accepted: bool | None
    note: str
    decided_by: str
    decided_at: datetime | None


class RectificationRowOut(Out):
    """One line of a list of rectifications."""

    number: str
    grant: str
    state: str
    side: str
    ordered_by: OrganisationRef
    requester: OrganisationRef
    provider: OrganisationRef
    round: int
    days: int
    ordered_at: datetime
    closed_at: datetime | None


class RectificationOut(RectificationRowOut):
    """A rectification with its rounds and the steps the caller may take now."""

    finding: str
    demands: str
    records: list[str]
    closing_note: str
    reports: list[RectificationReportOut]
    clock: ClockOut | None
    events: list[str]


def rectification_row(case: Rectification) -> RectificationRowOut:
    """Return a rectification as lists show it."""
    return RectificationRowOut(
        number=case.number,
        grant=case.grant.number,
        state=case.state,
        side=case.side,
        ordered_by=organisation_ref(case.ordered_by_office),
        requester=organisation_ref(case.grant.requester),
        provider=organisation_ref(case.grant.provider),
        round=case.round,
        days=case.days,
        ordered_at=case.ordered_at,
        closed_at=case.closed_at,
    )


def rectification_out(view: queries.RectificationView) -> RectificationOut:
    """Return a rectification with everything."""
    return RectificationOut(
        **dict(rectification_row(view.case)),
        finding=view.case.finding,
        demands=view.case.demand_text,
        records=list(view.case.records),
        closing_note=view.case.closing_note,
        reports=[
            RectificationReportOut(
                round=row.round,
                text=row.text,
                by=row.by.name,
                at=row.at,
                accepted=row.accepted,
                note=row.note,
                decided_by=person(row.decided_by),
                decided_at=row.decided_at,
            )
            for row in view.reports
        ],
        clock=clock_out(view.clock),
        events=sorted(view.events),
    )


class CopyIn(In):
    """A copy of shared data that is kept."""

    kind: CopyKind = Field(strict=False)
    place: Place


class CopiesIn(In):
    """Copies to add."""

    copies: list[CopyIn] = Field(min_length=1, max_length=100)


class HandledIn(In):
    """What was done with one copy; ``basis`` is the law that lets it be kept."""

    copy_id: Annotated[int, Field(ge=1, le=2**53)]
    method: DisposalMethod = Field(strict=False)
    done_on: Day
    witness: Short = ""
    basis: Annotated[str, Field(max_length=200)] = ""


class DisposalReportIn(In):
    """What was done with every copy; ``nothing_kept`` is said by whoever kept none."""

    handled: list[HandledIn] = Field(max_length=100)
    nothing_kept: bool = False


class CopyOut(Out):
    """A copy and what was done with it."""

    id: int
    kind: str
    place: str
    from_ledger: bool
    method: str
    done_on: date | None
    witness: str
    basis: str


class DisposalRowOut(Out):
    """One line of a list of disposals."""

    number: str
    grant: str
    state: str
    requester: OrganisationRef
    provider: OrganisationRef
    reason: str
    opened_at: datetime
    reported_at: datetime | None
    verified_at: datetime | None
    disposed_at: datetime | None


class DisposalOut(DisposalRowOut):
    """A disposal, its copies, and what the records say of calls after the end."""

    copies: list[CopyOut]
    note: str
    problem: str
    certificate: str = Field(description="销毁证明的摘要 · digest of the certificate, empty without one")
    answered_since: int
    refused_since: int
    clock: ClockOut | None
    events: list[str]


class CertificateOut(Out):
    """The certificate of destruction; the digest is over the canonical JSON (RFC 8785) of the document."""

    digest: str
    document: dict[str, Any]
    signature: dict[str, Any] | None
    made_at: datetime


def disposal_row(case: Disposal) -> DisposalRowOut:
    """Return a disposal as lists show it."""
    return DisposalRowOut(
        number=case.number,
        grant=case.grant.number,
        state=case.state,
        requester=organisation_ref(case.grant.requester),
        provider=organisation_ref(case.grant.provider),
        reason=case.reason,
        opened_at=case.opened_at,
        reported_at=case.reported_at,
        verified_at=case.verified_at,
        disposed_at=case.disposed_at,
    )


def disposal_out(view: queries.DisposalView) -> DisposalOut:
    """Return a disposal with everything."""
    return DisposalOut(
        **dict(disposal_row(view.case)),
        copies=[
            CopyOut(
                id=row.pk,
                kind=row.kind,
                place=row.place,
                from_ledger=row.from_ledger,
                method=row.method,
                done_on=row.done_on,
                witness=row.witness,
                basis=row.basis,
            )
            for row in view.copies
        ],
        note=view.case.note,
        problem=view.case.problem,
        certificate=view.certificates[0].digest if view.certificates else "",
        answered_since=view.silence.answered,
        refused_since=view.silence.refused,
        clock=clock_out(view.clock),
        events=sorted(view.events),
    )


def certificate_out(made: Certificate) -> CertificateOut:
    """Return a certificate."""
    return CertificateOut(digest=made.digest, document=made.document, signature=made.signature, made_at=made.made_at)


LedgerText = Annotated[str, Field(min_length=1, max_length=2000)]


class LedgerEntryIn(In):
    """An entry; ``corrects`` names the one it corrects, which stays as it was."""

    part: LedgerPart = Field(strict=False)
    text: LedgerText
    copies: list[CopyIn] = Field(default=[], max_length=100)
    corrects: Ident | None = None


class LedgerQuarterIn(In):
    """What a quarter's ledger still lacks."""

    effect: LedgerText
    storage: LedgerText
    destruction: Annotated[str, Field(max_length=2000)] = ""
    copies: list[CopyIn] = Field(default=[], max_length=100)


class InspectionIn(In):
    """What an inspection found."""

    is_sound: bool
    note: Said


class LedgerEntryOut(Out):
    """One entry; ``by`` is empty where the platform took it from its own records."""

    id: str
    part: str
    period: str
    text: str
    facts: dict[str, Any]
    by: str
    at: datetime
    keep_until: date
    corrects: str


class LedgerQuarterOut(Out):
    """A quarter that was asked about."""

    quarter: str
    state: str
    filled_by: str
    filled_at: datetime | None
    clock: ClockOut | None


class InspectionOut(Out):
    """An inspection by the provider or the authority."""

    side: str
    organisation: OrganisationRef
    is_sound: bool
    note: str
    by: str
    at: datetime


class LedgerRowOut(Out):
    """One line of a list of ledgers; ``is_asked`` tells of a quarter that waits."""

    grant: str
    entry_code: str
    entry_name: str
    requester: OrganisationRef
    provider: OrganisationRef
    is_asked: bool


class LedgerOut(LedgerRowOut):
    """A grant's usage ledger (条例 29(2))."""

    entries: list[LedgerEntryOut]
    quarters: list[LedgerQuarterOut]
    inspections: list[InspectionOut]


def ledger_row(grant: Grant, *, is_asked: bool) -> LedgerRowOut:
    """Return a ledger as lists show it."""
    return LedgerRowOut(
        grant=grant.number,
        entry_code=grant.entry.code,
        entry_name=grant.entry.published_name,
        requester=organisation_ref(grant.requester),
        provider=organisation_ref(grant.provider),
        is_asked=is_asked,
    )


def ledger_entry_out(row: LedgerEntry) -> LedgerEntryOut:
    """Return one entry."""
    return LedgerEntryOut(
        id=str(row.id),
        part=row.part,
        period=row.period,
        text=row.text,
        facts=row.facts,
        by=person(row.by),
        at=row.at,
        keep_until=row.keep_until,
        corrects=str(row.corrects_id or ""),
    )


def ledger_out(view: queries.LedgerView) -> LedgerOut:
    """Return a ledger with everything."""
    rows = [row for _part, found in view.parts for row in found]
    return LedgerOut(
        **dict(ledger_row(view.grant, is_asked=any(row.ask.filled_at is None for row in view.asks))),
        entries=[ledger_entry_out(row) for row in sorted(rows, key=lambda row: (row.at, row.id))],
        quarters=[
            LedgerQuarterOut(
                quarter=row.ask.quarter,
                state=row.ask.state,
                filled_by=person(row.ask.filled_by),
                filled_at=row.ask.filled_at,
                clock=clock_out(row.clock),
            )
            for row in view.asks
        ],
        inspections=[
            InspectionOut(
                side=row.side,
                organisation=organisation_ref(row.office),
                is_sound=row.is_sound,
                note=row.note,
                by=row.by.name,
                at=row.at,
            )
            for row in view.inspections
        ],
    )
