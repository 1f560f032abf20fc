"""What violations look like from outside."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import Field

from jutong.api.shapes.common import OrganisationRef, organisation_ref
from jutong.api.types import Day, In, Line, LongText, Out
from jutong.center.supervision.models import Case, CaseStep, ExchangePlatform
from jutong.center.supervision.queries import CaseView, what_was_found
from jutong.center.supervision.rules import LONGEST_LIMIT
from jutong.standards.violations import offences

Days = Annotated[int, Field(ge=1, le=LONGEST_LIMIT, description="工作日 · working days")]
Said = Annotated[str, Field(min_length=1, max_length=2000)]


class ViolationOut(Out):
    """One violation in a list."""

    number: str
    code: str
    name: str
    clause: str
    state: str
    concerned: OrganisationRef
    found: str
    opened_at: datetime
    hear_until: date | None
    rectify_until: date | None


class ViolationEvidenceOut(Out):
    """One thing that shows it; ``link`` is a page of the platform, or empty."""

    kind: str
    id: str
    label: str
    link: str


class ViolationStepOut(Out):
    """One step as it was taken."""

    event: str
    text: str
    until: date | None
    organisation: OrganisationRef | None
    at: datetime


class ViolationDetailOut(ViolationOut):
    """One violation with its evidence, what was said and served, and what the caller may do now."""

    judge: OrganisationRef | None
    judge_role: str
    detector: str
    evidence: list[ViolationEvidenceOut]
    steps: list[ViolationStepOut]
    order: dict[str, Any] | None
    order_digest: str
    can: list[str]


class ViolationReportIn(In):
    """What a department reports."""

    code: Annotated[str, Field(max_length=4, pattern=r"^[PRA]\d$")]
    organisation: Annotated[str, Field(min_length=18, max_length=18, pattern=r"^[0-9A-Z]{18}$")]
    text: Said
    link: Annotated[str, Field(max_length=200)] = ""


class LeakIn(In):
    """What `jutong evidence fingerprint FILE --report` wrote, and where the file was found."""

    record_id: Annotated[str, Field(min_length=1, max_length=36)]
    file_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    compared: Annotated[int, Field(ge=0, le=10**9)]
    right: Annotated[int, Field(ge=0, le=10**9)]
    score: Annotated[float, Field(ge=-(10**6), le=10**6)]
    same_bytes: bool
    where: Said


class ViolationTextIn(In):
    """An account, a report or reasons."""

    text: Said


class ViolationNoteIn(In):
    """A remark, or none."""

    text: LongText = ""


class ViolationOrderIn(In):
    """What has to be put right, and within how many working days."""

    text: Said
    days: Days


class ExchangePlatformOut(Out):
    """A platform a department runs for sharing."""

    id: str
    name: str
    organisation: OrganisationRef
    joined_on: date | None
    document: str
    registered_at: datetime


class ExchangePlatformIn(In):
    """A platform to register; ``joined_on`` only with the document that shows it."""

    name: Annotated[str, Field(min_length=1, max_length=128)]
    joined_on: Day | None = None
    document: Line = ""


class PlatformJoiningIn(In):
    """On what day and by what document a platform was brought into the national system."""

    joined_on: Day
    document: Annotated[str, Field(min_length=1, max_length=128)]


def violation_out(row: Case) -> ViolationOut:
    """Return a violation as a list shows it."""
    return ViolationOut(**_fields(row))


def detail_out(view: CaseView) -> ViolationDetailOut:
    """Return a violation with everything on it."""
    row = view.case
    paper = view.papers[-1] if view.papers else None
    return ViolationDetailOut(
        **_fields(row), judge=organisation_ref(row.judge) if row.judge else None, judge_role=row.judge_role,
        detector=row.detector, evidence=[ViolationEvidenceOut(**one) for one in row.evidence],
        steps=[_step(one) for one in view.steps], order=paper.content if paper else None,
        order_digest=paper.digest if paper else "", can=view.can,
    )  # fmt: skip


def platform_out(row: ExchangePlatform) -> ExchangePlatformOut:
    """Return a platform as others see it."""
    return ExchangePlatformOut(
        id=str(row.id), name=row.name, organisation=organisation_ref(row.organisation), joined_on=row.joined_on,
        document=row.document, registered_at=row.registered_at,
    )  # fmt: skip


def _fields(row: Case) -> dict[str, Any]:
    offence = offences()[row.code]
    return {
        "number": row.number, "code": row.code, "name": offence.name, "clause": offence.clause, "state": row.state,
        "concerned": organisation_ref(row.concerned), "found": what_was_found(row), "opened_at": row.opened_at,
        "hear_until": row.hear_until, "rectify_until": row.rectify_until,
    }  # fmt: skip


def _step(row: CaseStep) -> ViolationStepOut:
    return ViolationStepOut(
        event=row.event, text=row.text, until=row.until,
        organisation=organisation_ref(row.organisation) if row.organisation else None, at=row.at,
    )  # fmt: skip
