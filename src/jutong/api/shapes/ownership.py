"""What sources, plans and inventories look like from outside."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field

from jutong.api.shapes.common import OrganisationRef, SystemRef, organisation_ref, person
from jutong.api.types import Day, In, Line, Note, Out, Short, Text
from jutong.center.catalog.models import Entry
from jutong.center.ownership import inventories
from jutong.center.ownership.actions import Answer, AskedField
from jutong.center.ownership.matching import Hit
from jutong.center.ownership.models import CollectionPlan, FieldHit, ItemSubject, PlanField, SourceDesignation
from jutong.center.ownership.queries import Overlap

EntryCode = Annotated[str, Field(max_length=64, pattern=r"^[0-9A-Z]{1,32}/[0-9A-Z]{1,31}$")]
FieldName = Annotated[str, Field(min_length=1, max_length=64)]
Meaning = Annotated[str, Field(max_length=200)]


class EntryRef(Out):
    """A published entry."""

    code: str
    name: str


class PositionOut(Out):
    """What a department said; ``stance`` is empty while it did not."""

    organisation: OrganisationRef
    stance: str
    text: str
    stated_at: datetime | None


class DesignationOut(Out):
    """数源部门 of one item, proposed or designated."""

    id: str
    subject_id: str
    name: str
    element: str
    state: str
    organisation: OrganisationRef
    entry: EntryRef
    basis: str
    answer_by: date
    effective_on: date | None
    revoke_reason: str
    positions: list[PositionOut]


class SubjectOut(Out):
    """An item that two or more departments publish."""

    id: str
    name: str
    element: str
    organisation_count: int
    entry_count: int


class HoldingOut(Out):
    """An entry that has the item."""

    organisation: OrganisationRef
    entry: EntryRef
    item_name: str
    is_key: bool
    is_shared: bool


class SubjectDetailOut(SubjectOut):
    """An item with who holds it."""

    holdings: list[HoldingOut]
    designation: DesignationOut | None
    proposal: DesignationOut | None


class ItemSourceOut(Out):
    """Where an item is to be had."""

    item_name: str
    organisation_code: str
    organisation_name: str
    entry: EntryRef


class ProposeIn(In):
    """The entry of the department that is to be the source, and why."""

    entry: EntryCode
    basis: Note


class PositionIn(In):
    """A department's position; disagreeing needs a reason."""

    stance: Literal["agree", "disagree"]
    text: Note = ""


class DesignateIn(In):
    """The entry of the source, and since when."""

    entry: EntryCode
    effective_on: Day


class RevokeIn(In):
    """Why."""

    reason: Note


class FieldIn(In):
    """One thing a plan asks people for."""

    name: FieldName
    meaning: Meaning = ""


class FieldsIn(In):
    """Fields to compare with what is shared."""

    fields: list[FieldIn] = Field(min_length=1, max_length=300)

    def asked(self) -> list[AskedField]:
        """Return them as the domain takes them."""
        return [AskedField(row.name.strip(), row.meaning.strip()) for row in self.fields]


class PlanIn(FieldsIn):
    """A form, system or project, and what it will ask for."""

    kind: Literal["form", "system", "project"]
    name: Line
    purpose: Text


class FieldAnswerIn(In):
    """What becomes of a field that is shared already: ``reuse`` names the entry, ``justify`` the reason."""

    position: Annotated[int, Field(ge=1, le=300)]
    choice: Literal["", "reuse", "justify"]
    entry: Short = ""
    justification: Note = ""


class AnswersIn(In):
    """Answers to some fields."""

    answers: list[FieldAnswerIn] = Field(min_length=1, max_length=300)

    def by_position(self) -> dict[int, Answer]:
        """Return them as the domain takes them."""
        return {row.position: Answer(row.choice, row.entry, row.justification) for row in self.answers}


class PlanDecisionIn(In):
    """The authority's decision; a return needs a note."""

    approve: bool
    note: Text = ""


class SystemEntriesIn(In):
    """All entries that come from a system."""

    codes: list[EntryCode] = Field(max_length=1000)


class FieldHitOut(Out):
    """Something shared already that a field asks for. ``confidence`` is 0 to 100."""

    entry: EntryRef
    organisation: OrganisationRef
    item_name: str
    way: str
    confidence: int
    is_source: bool


class FieldOut(Out):
    """One field of a plan."""

    position: int
    name: str
    meaning: str
    choice: str
    entry: EntryRef | None
    justification: str
    hits: list[FieldHitOut]


class ComparedOut(Out):
    """A field with what is shared already."""

    name: str
    hits: list[FieldHitOut]


class PlanRowOut(Out):
    """A plan in a list."""

    id: str
    kind: str
    name: str
    organisation: OrganisationRef
    state: str
    changed_at: datetime
    submitted_at: datetime | None


class PlanOut(PlanRowOut):
    """A plan with its fields."""

    purpose: str
    checked_at: datetime | None
    decided_by: str
    decided_at: datetime | None
    decision_note: str
    fields: list[FieldOut]


class InventorySystemOut(SystemRef):
    """An information system; none of its data is catalogued where ``entry_count`` is 0."""

    organisation: OrganisationRef
    protection_level: int
    entry_count: int


class DutyOut(Out):
    """A line of 责任清单."""

    number: str
    organisation: str
    code: str
    name: str
    items: list[str]
    share_attribute: str
    share_way: str
    update_cycle: str
    promise: str
    contact: str
    source_of: list[str]


class WithheldOut(Out):
    """A line of 负面清单."""

    number: str
    organisation: str
    code: str
    name: str
    items: list[str]
    reason: str
    basis_kind: str
    basis_title: str
    basis_article: str
    reviewer: str
    document_number: str
    effective_on: str
    review_again_on: str
    lacks_basis: bool
    whole: bool


def entry_ref(entry: Entry) -> EntryRef:
    """Return an entry as answers name it."""
    return EntryRef(code=entry.code, name=entry.published_name)


def designation_out(row: SourceDesignation) -> DesignationOut:
    """Return a designation as answers show it."""
    return DesignationOut(
        id=str(row.id),
        subject_id=str(row.subject_id),
        name=row.subject.name,
        element=row.subject.element,
        state=row.state,
        organisation=organisation_ref(row.organisation),
        entry=entry_ref(row.entry),
        basis=row.basis,
        answer_by=row.answer_by,
        effective_on=row.effective_on,
        revoke_reason=row.revoke_reason,
        positions=[
            PositionOut(
                organisation=organisation_ref(said.organisation),
                stance=said.stance,
                text=said.text,
                stated_at=said.stated_at,
            )
            for said in row.positions.all()
        ],
    )


def subject_out(row: ItemSubject) -> SubjectOut:
    """Return a subject as lists show it."""
    return SubjectOut(
        id=str(row.id),
        name=row.name,
        element=row.element,
        organisation_count=row.organisation_count,
        entry_count=row.entry_count,
    )


def subject_detail_out(found: Overlap) -> SubjectDetailOut:
    """Return a subject with its holders as answers show it."""
    holdings = [
        HoldingOut(
            organisation=organisation_ref(row.organisation),
            entry=entry_ref(row.entry),
            item_name=row.item_name,
            is_key=row.is_key,
            is_shared=row.is_shared,
        )
        for row in found.holdings
    ]
    return SubjectDetailOut(
        **dict(subject_out(found.subject)),
        holdings=holdings,
        designation=designation_out(found.designation) if found.designation else None,
        proposal=designation_out(found.proposal) if found.proposal else None,
    )


def hit_out(row: FieldHit | Hit, entry: Entry) -> FieldHitOut:
    """Return a hit as answers show it."""
    return FieldHitOut(
        entry=entry_ref(entry),
        organisation=organisation_ref(entry.organisation),
        item_name=row.item_name,
        way=str(row.way),
        confidence=row.confidence,
        is_source=row.is_source,
    )


def _field(row: PlanField) -> FieldOut:
    return FieldOut(
        position=row.position,
        name=row.name,
        meaning=row.meaning,
        choice=row.choice,
        entry=entry_ref(row.entry) if row.entry else None,
        justification=row.justification,
        hits=[hit_out(hit, hit.entry) for hit in row.hits.all()],
    )


def plan_row_out(row: CollectionPlan) -> PlanRowOut:
    """Return a plan as lists show it."""
    return PlanRowOut(
        id=str(row.id),
        kind=row.kind,
        name=row.name,
        organisation=organisation_ref(row.organisation),
        state=row.state,
        changed_at=row.changed_at,
        submitted_at=row.submitted_at,
    )


def plan_out(row: CollectionPlan) -> PlanOut:
    """Return a plan as answers show it."""
    return PlanOut(
        **dict(plan_row_out(row)),
        purpose=row.purpose,
        checked_at=row.checked_at,
        decided_by=person(row.decided_by),
        decided_at=row.decided_at,
        decision_note=row.decision_note,
        fields=[_field(field) for field in row.fields.all()],
    )


def duty_out(row: inventories.Duty) -> DutyOut:
    """Return a line of 责任清单 as answers show it."""
    return DutyOut(**{name: _plain(getattr(row, name)) for name in DutyOut.model_fields})


def withheld_out(row: inventories.Withheld) -> WithheldOut:
    """Return a line of 负面清单 as answers show it."""
    return WithheldOut(**{name: _plain(getattr(row, name)) for name in WithheldOut.model_fields})


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value
