"""What needs look like from outside."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import Field

from jutong.api.shapes.common import ClockOut, OrganisationRef, clock_out, organisation_ref, person
from jutong.api.types import Day, In, Line, Note, OrganisationCode, Out
from jutong.center.clocks.queries import ClockView
from jutong.center.demand.models import Demand
from jutong.center.demand.need import DemandFields, WantedItem
from jutong.center.demand.queries import DemandView
from jutong.center.org.models import Organisation

EntryCode = Annotated[str, Field(max_length=64, pattern=r"^[0-9A-Z]{1,32}/[0-9A-Z]{1,31}$")]
DemandNumber = Annotated[str, Field(pattern=r"^XQ[0-9]{8}-[0-9]{4,8}$")]
Code = Annotated[str, Field(max_length=16)]
Reason = Annotated[str, Field(min_length=1, max_length=500)]


class DemandRowOut(Out):
    """A need in a list."""

    number: str
    title: str
    state: str
    requester: OrganisationRef
    holder: OrganisationRef | None
    entry_code: str
    urgency: str
    joiner_count: int
    stated_at: datetime
    clock: ClockOut | None


class WantedItemOut(Out):
    """An item asked for."""

    name: str
    meaning: str


class DemandJoinerOut(Out):
    """A department that has the need too."""

    organisation: OrganisationRef
    scenario: str
    at: datetime


class DemandMatchOut(Out):
    """An entry that may be what is asked for, and why."""

    entry_code: str
    entry_name: str
    organisation: OrganisationRef
    share_attribute: str
    score: int = Field(description="0-100")
    reasons: list[dict[str, Any]]


class AssignmentOut(Out):
    """Who was asked, and what it said."""

    holder: OrganisationRef
    note: str
    at: datetime
    answer: str
    basis: str
    answered_by: str
    answered_at: datetime | None


class PresumedHolderOut(Out):
    """Who may hold it, for the authority."""

    organisation: OrganisationRef
    items: list[str]
    is_expected: bool
    answered: str


class DemandApplicationOut(Out):
    """An application that came of a need."""

    number: str
    organisation: OrganisationRef
    supplied_at: datetime | None


class DemandOut(DemandRowOut):
    """A need with everything its page shows. ``may`` names the steps the caller may take now."""

    basis: str
    scenario: str
    matter: str
    frequency: str
    share_way: str
    wanted_on: date | None
    division_filter: str
    division_code: str
    expected_holder: OrganisationRef | None
    merged_into: str
    close_reason: str
    draft_code: str
    items: list[WantedItemOut]
    joiners: list[DemandJoinerOut]
    matches: list[DemandMatchOut]
    alike: list[str]
    holders: list[PresumedHolderOut]
    assignments: list[AssignmentOut]
    applications: list[DemandApplicationOut]
    may: list[str]


class DemandMadeOut(Out):
    """What a step led to: the entry being made, or the application drafted."""

    number: str


class WantedItemIn(In):
    """An item asked for."""

    name: Annotated[str, Field(min_length=1, max_length=64)]
    meaning: Annotated[str, Field(max_length=200)] = ""


class DemandIn(In):
    """A need as 需求清单 asks for it, with the three promises."""

    title: Annotated[str, Field(min_length=1, max_length=128)]
    basis: Reason
    scenario: Reason
    matter: Line = ""
    frequency: Code = ""
    share_way: Code = ""
    urgency: Code = "normal"
    wanted_on: Day | None = None
    division_filter: Annotated[str, Field(max_length=12)] = ""
    expected_holder: OrganisationCode = ""
    is_true: bool = False
    is_lawful: bool = False
    is_secured: bool = False
    items: Annotated[list[WantedItemIn], Field(min_length=1, max_length=40)]

    def fields(self) -> DemandFields:
        """Return what the action takes."""
        plain = {name: getattr(self, name) for name in type(self).model_fields if name != "items"}
        return DemandFields(**plain, items=tuple(WantedItem(row.name, row.meaning) for row in self.items))


class JoinIn(In):
    """What the department needs it for."""

    scenario: Reason


class DemandReasonIn(In):
    """Why."""

    reason: Reason


class DemandEntryIn(In):
    """A published entry."""

    entry: EntryCode


class MergeIn(In):
    """The need it is merged into."""

    into: DemandNumber


class AssignIn(In):
    """Who is asked, and why it is thought to hold the data."""

    holder: Annotated[str, Field(min_length=1, max_length=18, pattern=r"^[0-9A-Z]{1,18}$")]
    note: Note = ""


class HolderAnswerIn(In):
    """持有, 不持有 or 未采集."""

    answer: Annotated[str, Field(pattern=r"^(held|not-held|not-collected)$")]
    basis: Reason


class BeginCatalogIn(In):
    """The class of the new entry (1272号)."""

    classification: Annotated[str, Field(min_length=1, max_length=32, pattern=r"^[0-9A-Z]+$")]


def demand_row_out(row: Demand, clock: ClockView | None) -> DemandRowOut:
    """Return a need as lists show it."""
    return DemandRowOut(**_row(row, clock, getattr(row, "joiner_count", 0)))


def demand_out(view: DemandView) -> DemandOut:
    """Return a need as its page shows it."""
    row = view.demand
    return DemandOut(
        **_row(row, view.clock, len(view.joiners)),
        basis=row.basis,
        scenario=row.scenario,
        matter=row.matter,
        frequency=row.frequency,
        share_way=row.share_way,
        wanted_on=row.wanted_on,
        division_filter=row.division_filter,
        division_code=row.division_code,
        expected_holder=_ref(row.expected_holder),
        merged_into=row.merged_into.number if row.merged_into else "",
        close_reason=row.close_reason,
        draft_code=row.draft.entry.code if row.draft else "",
        items=[WantedItemOut(name=item.name, meaning=item.meaning) for item in row.items.all()],
        alike=[other.demand.number for other in view.alike],
        may=sorted(event.value for event in view.events),
        **_around(view),
    )


def _row(row: Demand, clock: ClockView | None, joiners: int) -> dict[str, Any]:
    return {
        "number": row.number,
        "title": row.title,
        "state": row.state,
        "requester": organisation_ref(row.requester),
        "holder": _ref(row.holder),
        "entry_code": row.entry.code if row.entry else "",
        "urgency": row.urgency,
        "joiner_count": joiners,
        "stated_at": row.stated_at,
        "clock": clock_out(clock),
    }


def _ref(organisation: Organisation | None) -> OrganisationRef | None:
    return organisation_ref(organisation) if organisation is not None else None


def _around(view: DemandView) -> dict[str, Any]:
    """Return who else has the need, what is proposed, who was asked and what came of it."""
    return {
        "joiners": [
            DemandJoinerOut(organisation=organisation_ref(row.organisation), scenario=row.scenario, at=row.at)
            for row in view.joiners
        ],
        "matches": [
            DemandMatchOut(
                entry_code=row.entry.code, entry_name=row.entry.published_name,
                organisation=organisation_ref(row.entry.organisation), share_attribute=row.entry.share_attribute,
                score=row.score, reasons=row.reasons,
            )
            for row in view.matches
        ],
        "holders": [
            PresumedHolderOut(
                organisation=organisation_ref(row.organisation), items=list(row.items), is_expected=row.is_expected,
                answered=row.answered,
            )
            for row in view.holders
        ],
        "assignments": [
            AssignmentOut(
                holder=organisation_ref(row.holder), note=row.note, at=row.at, answer=row.answer, basis=row.basis,
                answered_by=person(row.answered_by), answered_at=row.answered_at,
            )
            for row in view.assignments
        ],
        "applications": [
            DemandApplicationOut(
                number=row.application.number, organisation=organisation_ref(row.organisation),
                supplied_at=row.supplied_at,
            )
            for row in view.applications
        ],
    }  # fmt: skip
