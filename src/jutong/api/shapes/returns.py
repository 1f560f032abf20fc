"""What returns of an area's own data look like from outside (条例 24)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from jutong.api.shapes.common import ClockOut, OrganisationRef, clock_out, organisation_ref, person
from jutong.api.types import Ident, In, Note, Out
from jutong.center.clocks.queries import ClockView
from jutong.center.returns.models import Cycle, ReturnFlow
from jutong.center.returns.queries import ReturnView

ReturnNumber = Annotated[str, Field(pattern=r"^HL[0-9]{8}-[0-9]{4,9}$")]
EntryCode = Annotated[str, Field(max_length=64, pattern=r"^[0-9A-Z]{1,32}/[0-9A-Z]{1,31}$")]
Word = Annotated[str, Field(max_length=16)]
Rows = Annotated[int, Field(ge=0, le=10**12)]


class ReturnRowOut(Out):
    """A return in a list."""

    number: str
    state: str
    state_label: str
    requester: OrganisationRef
    provider: OrganisationRef
    entry_code: str
    entry_name: str
    division_code: str = Field(description="登记方的区划，只回流这一区划的行 · the asker's division; no other row")
    share_way: str
    frequency: str
    asked_at: datetime
    clock: ClockOut | None


class ReturnItemOut(Out):
    """An item that is returned; ``left_out`` says why the upper department does not have it."""

    item_id: Ident
    name: str
    left_out: str


class ReturnCycleOut(Out):
    """A comparison of what lies in the area, what was fetched and what is held."""

    counted: int
    counted_by: str
    counted_at: datetime
    fetched: int | None
    held: int | None
    gap: int | None
    compared_by: str
    compared_at: datetime | None


class ReturnOut(ReturnRowOut):
    """A return with everything its page shows. ``may`` names the steps the caller may take now."""

    basis: str
    scenario: str
    note: str
    application_number: str
    grant_number: str
    confirmed_at: datetime | None
    supplied_at: datetime | None
    ended_at: datetime | None
    items: list[ReturnItemOut]
    cycles: list[ReturnCycleOut]
    may: list[str]


class ReturnAskIn(In):
    """What is asked for; without items all of the entry. There is no field for conditions."""

    entry: EntryCode
    items: list[Ident] = Field(default=[], max_length=500)
    system_id: Ident
    basis: Annotated[Note, Field(min_length=1)]
    scenario: Annotated[Note, Field(min_length=1)]
    share_way: Word = "batch"
    frequency: Word = "daily"


class LeftOutIn(In):
    """An item the upper department does not have, and why."""

    item_id: Ident
    reason: Annotated[str, Field(min_length=1, max_length=200)]


class ReturnTermsIn(In):
    """The terms, confirmed: what a row means, how often, and what is not there. Nothing can be refused."""

    frequency: Word = ""
    note: Note = ""
    left_out: list[LeftOutIn] = Field(default=[], max_length=500)


class ReturnCountIn(In):
    """How many rows lie in the area."""

    counted: Rows


class ReturnHeldIn(In):
    """How many rows are held."""

    held: Rows


def return_row_out(row: ReturnFlow, clock: ClockView | None) -> ReturnRowOut:
    """Return a return as lists show it."""
    return ReturnRowOut(**_row(row, clock))


def return_out(view: ReturnView) -> ReturnOut:
    """Return a return as its page shows it."""
    row = view.flow
    return ReturnOut(
        **_row(row, view.clock),
        basis=row.basis,
        scenario=row.scenario,
        note=row.note,
        application_number=row.application.number if row.application else "",
        grant_number=view.grant.number if view.grant else "",
        confirmed_at=row.confirmed_at,
        supplied_at=row.supplied_at,
        ended_at=row.ended_at,
        items=[ReturnItemOut(item_id=each.item_id, name=each.item.name, left_out=each.left_out) for each in view.items],
        cycles=[_cycle(each) for each in view.cycles],
        may=sorted(event.value for event in view.events),
    )


def _row(row: ReturnFlow, clock: ClockView | None) -> dict[str, Any]:
    return {
        "number": row.number,
        "state": row.state,
        "state_label": row.get_state_display(),
        "requester": organisation_ref(row.requester),
        "provider": organisation_ref(row.provider),
        "entry_code": row.entry.code,
        "entry_name": row.version.name,
        "division_code": row.division_code,
        "share_way": row.share_way,
        "frequency": row.frequency,
        "asked_at": row.asked_at,
        "clock": clock_out(clock),
    }


def _cycle(row: Cycle) -> ReturnCycleOut:
    return ReturnCycleOut(
        counted=row.counted,
        counted_by=person(row.counted_by),
        counted_at=row.counted_at,
        fetched=row.fetched,
        held=row.held,
        gap=row.gap,
        compared_by=person(row.compared_by),
        compared_at=row.compared_at,
    )


Side = Literal["", "requester", "provider"]
