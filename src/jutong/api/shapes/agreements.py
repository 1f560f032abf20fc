"""What agreements, what was measured of them, and breaches look like from outside."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from jutong.api.shapes.common import ClockOut, OrganisationRef, clock_out, organisation_ref, person
from jutong.api.types import In, Note, Out, Text
from jutong.center.agreement.models import Agreement, Breach, Signature
from jutong.center.agreement.queries import AgreementView, Kept

Digest = Annotated[
    str, Field(pattern=r"^sha256:[0-9a-f]{64}$", description="所读文本的摘要 · digest of the text that was read")
]


class AgreementRowOut(Out):
    """One version in a list."""

    number: str
    version: int
    kind: str
    kind_label: str
    state: str
    state_label: str
    title: str
    application_number: str
    grant_number: str
    provider: OrganisationRef
    requester: OrganisationRef
    drafted_at: datetime
    in_force_at: datetime | None
    ended_at: datetime | None


class AgreementSignatureOut(Out):
    """A signature over a statement that binds digest, person, post, organisation and time."""

    side: str
    organisation: OrganisationRef
    person: str
    in_place_of: str = Field(description="代谁签署，本人签署的为空 · the head signed for under a delegation, or empty")
    at: datetime
    alg: str
    key_id: str
    public_key: str
    signature: str


class AgreementOut(AgreementRowOut):
    """A version with its terms, its document and the steps the caller may take now."""

    terms: dict[str, int | str]
    digest: str
    document: dict[str, Any]
    change_note: str
    is_narrower: bool = Field(description="比上一版减少服务，须备案 · gives less than before, which is filed")
    signatures: list[AgreementSignatureOut]
    versions: list[int]
    clock: ClockOut | None
    events: list[str]


class SignedFileOut(Out):
    """The signed file; `jutong evidence agreement FILE` checks it offline."""

    format: str
    document: dict[str, Any]
    digest: str
    signatures: list[dict[str, Any]]


class SigningKeyOut(Out):
    """The public part of a key an organisation signs with."""

    organisation: OrganisationRef
    key_id: str
    alg: str
    public_key: str
    made_at: datetime


class TermsIn(In):
    """Blanks to fill; what is left out stays as it is."""

    availability: Annotated[int, Field(ge=9000, le=10000)] | None = None
    response_ms: Annotated[int, Field(ge=50, le=60000)] | None = None
    freshness_hours: Annotated[int, Field(ge=0, le=20000)] | None = None
    correction_days: Annotated[int, Field(ge=1, le=10)] | None = None
    daily_quota: Annotated[int, Field(ge=1, le=10_000_000)] | None = None
    stray_calls: Annotated[int, Field(ge=0, le=1000)] | None = None
    retention_days: Annotated[int, Field(ge=0, le=3650)] | None = None
    disposal: Literal["delete", "overwrite", "destroy"] | None = None
    incident_hours: Annotated[int, Field(ge=1, le=24)] | None = None
    provider_contact: Annotated[str, Field(max_length=64)] | None = None
    requester_contact: Annotated[str, Field(max_length=64)] | None = None

    def changes(self) -> dict[str, object]:
        """Return what is to change."""
        return self.model_dump(exclude_none=True)


class AgreementChangeIn(In):
    """Other terms for an agreement in force, and why."""

    terms: TermsIn
    note: Annotated[Note, Field(min_length=1)]


class SignatureIn(In):
    """The text that is signed."""

    digest: Digest


class HandBackIn(In):
    """Why the text is not signed."""

    note: Annotated[Note, Field(min_length=1)]


class ObligationOut(Out):
    """A measured duty with its newest measurement; ``bound`` and ``value`` are in the unit of the kind."""

    kind: str
    kind_label: str
    side: str
    bound: int
    day: date | None
    value: int | None
    samples: int
    met: bool | None


class BreachRowOut(Out):
    """A duty that was not kept on a day."""

    number: str
    agreement_number: str
    version: int
    kind: str
    kind_label: str
    day: date
    value: int
    bound: int
    party: str
    responsible: OrganisationRef | None
    state: str
    state_label: str
    found_at: datetime


class BreachOut(BreachRowOut):
    """A breach with its evidence, what was said of it, and the steps the caller may take now."""

    evidence: dict[str, Any]
    answer: str
    answered_by: str
    answered_at: datetime | None
    verdict: str
    settled_by: str
    settled_at: datetime | None
    events: list[str]


class BreachAnswerIn(In):
    """The responsible party's explanation, or with ``contest`` its objection."""

    text: Annotated[Text, Field(min_length=1)]
    contest: bool = False


class BreachVerdictIn(In):
    """What the other side makes of it."""

    accept: bool
    text: Text = ""


def agreement_row_out(row: Agreement) -> AgreementRowOut:
    """Return a version as lists show it."""
    return AgreementRowOut(
        number=row.number,
        version=row.version,
        kind=row.kind,
        kind_label=row.get_kind_display(),
        state=row.state,
        state_label=row.get_state_display(),
        title=row.application.title,
        application_number=row.application.number,
        grant_number=row.grant.number if row.grant else "",
        provider=organisation_ref(row.provider),
        requester=organisation_ref(row.requester),
        drafted_at=row.drafted_at,
        in_force_at=row.in_force_at,
        ended_at=row.ended_at,
    )


def _signature(row: Signature) -> AgreementSignatureOut:
    return AgreementSignatureOut(
        side=row.side,
        organisation=organisation_ref(row.organisation),
        person=row.by.name,
        in_place_of=row.on_behalf_of.name if row.on_behalf_of else "",
        at=row.at,
        alg=row.alg,
        key_id=row.key_id,
        public_key=row.public_key,
        signature=row.signature,
    )


def agreement_out(view: AgreementView) -> AgreementOut:
    """Return a version as answers show it."""
    row = view.agreement
    return AgreementOut(
        **dict(agreement_row_out(row)),
        terms=row.terms,
        digest=row.digest,
        document=row.document,
        change_note=row.change_note,
        is_narrower=row.is_narrower,
        signatures=[_signature(signed) for signed in view.signatures],
        versions=[one.version for one in view.versions],
        clock=clock_out(view.clock),
        events=sorted(view.events),
    )


def obligation_out(row: Kept) -> ObligationOut:
    """Return a duty as answers show it."""
    duty, newest = row.obligation, row.newest
    return ObligationOut(
        kind=duty.kind,
        kind_label=duty.get_kind_display(),
        side=duty.side,
        bound=duty.bound,
        day=newest.day if newest else None,
        value=newest.value if newest else None,
        samples=newest.samples if newest else 0,
        met=newest.met if newest else None,
    )


def breach_row_out(row: Breach) -> BreachRowOut:
    """Return a breach as lists show it."""
    return BreachRowOut(
        number=row.number,
        agreement_number=row.agreement.number,
        version=row.agreement.version,
        kind=row.obligation.kind,
        kind_label=row.obligation.get_kind_display(),
        day=row.day,
        value=row.value,
        bound=row.bound,
        party=row.party,
        responsible=organisation_ref(row.responsible) if row.responsible else None,
        state=row.state,
        state_label=row.get_state_display(),
        found_at=row.found_at,
    )


def breach_out(row: Breach, events: list[str]) -> BreachOut:
    """Return a breach as answers show it."""
    return BreachOut(
        **dict(breach_row_out(row)),
        evidence=row.evidence,
        answer=row.answer,
        answered_by=person(row.answered_by),
        answered_at=row.answered_at,
        verdict=row.verdict,
        settled_by=person(row.settled_by),
        settled_at=row.settled_at,
        events=events,
    )
