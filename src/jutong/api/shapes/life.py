"""What batches, changes of law, filings and requests for more time look like from outside."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from jutong.api.shapes.common import ClockOut, OrganisationRef, clock_out, organisation_ref, person
from jutong.api.types import Day, In, Note, Out, Text
from jutong.center.catalog.difference import Change
from jutong.center.catalog.duty_queries import TouchRow
from jutong.center.catalog.enums import AssessmentKind, BatchStep, ShareAttribute, UpdateTrigger, VersionState
from jutong.center.catalog.life import BatchOutcome, BatchRun, ChangeEvent, Filing, UpdateExtension
from jutong.center.catalog.queries import Comparison
from jutong.center.catalog.worklists import Wanted, WorkRow
from jutong.standards.return_reasons import ReturnReason

Lax = Field(strict=False)
Empty = Literal[""]
Code = Annotated[str, Field(min_length=3, max_length=64)]
Days = Annotated[int, Field(ge=1, le=5)]


class AssessedIn(In):
    """What was found of one kind for all chosen entries."""

    kind: Annotated[AssessmentKind, Lax]
    passed: bool
    conclusion: Annotated[str, Field(min_length=1, max_length=1000)]
    assessed_by: Annotated[str, Field(min_length=1, max_length=64)]
    assessed_on: Day


class FilterIn(In):
    """Which versions of the list; an empty filter takes all of it."""

    q: Annotated[str, Field(max_length=100)] = ""
    organisation: Annotated[str, Field(max_length=18)] = ""
    sort: Literal["", "first", "update", "removal"] = ""
    share: Annotated[ShareAttribute, Lax] | Empty = ""

    def wanted(self) -> Wanted:
        """Return the filter as the list takes it."""
        return Wanted(words=self.q, organisation=self.organisation, sort=self.sort, share=str(self.share))


class BatchIn(In):
    """One step for many: the entries by code, or everything in the step's list that a filter matches."""

    step: Annotated[BatchStep, Lax]
    codes: list[Code] = Field(default_factory=list, max_length=5000)
    matching: FilterIn | None = None
    assessments: list[AssessedIn] = Field(default_factory=list, max_length=2)
    code: Annotated[str, Field(max_length=32)] = ""
    reason: Text = ""

    def terms(self) -> dict[str, Any]:
        """Return what is said of all of them."""
        if self.step == BatchStep.ASSESS:
            rows = [row.model_dump() for row in self.assessments]
            return {
                "found": [
                    {**row, "kind": row["kind"].value, "assessed_on": row["assessed_on"].isoformat()} for row in rows
                ]
            }
        if self.step == BatchStep.RETURN:
            return {"code": self.code, "reason": self.reason}
        return {"reason": self.reason} if self.step == BatchStep.DECLINE else {}


class BatchRunOut(Out):
    """How far a batch is."""

    id: str
    step: str
    state: str = Field(description="waiting, running, done")
    total: int
    done: int
    succeeded: int
    failed: int
    created_by: str
    created_at: datetime
    finished_at: datetime | None


class OutcomeOut(Out):
    """What became of one version; the refusal stands in ``code``, ``message`` and ``next_step``, empty when done."""

    position: int
    entry: str
    name: str
    state: str
    done: bool
    code: str
    message: str
    next_step: str


class WorkRowOut(Out):
    """A version that waits for a step. ``changes`` counts differences from the published one, null without one."""

    entry: str
    version_id: str
    number: int
    name: str
    kind: str
    organisation: OrganisationRef
    share_attribute: str
    item_count: int
    changes: int | None
    clock: ClockOut | None


class ReasonOut(Out):
    """A coded reason for returning an entry."""

    id: str
    name: str
    clause: str
    advice: str
    needs_text: bool


class ReturnIn(In):
    """A coded reason; ``reason`` is needed where the code does not say enough."""

    code: Annotated[str, Field(min_length=1, max_length=32)] = "other"
    reason: Text = ""


class RemovalIn(In):
    """Why an entry is taken down, and from when."""

    reason: Annotated[str, Field(min_length=1, max_length=500)]
    effective_from: Day | None = None


class FilingIn(In):
    """Why a running service ends, and what was agreed with each department, by its credit code."""

    reason: Annotated[str, Field(min_length=1, max_length=1000)]
    consulted: dict[Annotated[str, Field(max_length=18)], Annotated[str, Field(min_length=1, max_length=500)]] = Field(
        max_length=500
    )


class LifeDecisionIn(In):
    """A decision; a refusal gives its reason."""

    agreed: bool
    note: Note = ""


class ConsultedOut(Out):
    """What was agreed with one department."""

    code: str
    name: str
    text: str


class FilingOut(Out):
    """备案 of 条例 27(3). ``accepted`` is null while the authority has not decided."""

    id: str
    entry: str
    name: str
    organisation: OrganisationRef
    reason: str
    consulted: list[ConsultedOut]
    filed_by: str
    filed_at: datetime
    accepted: bool | None
    note: str
    decided_by: str
    decided_at: datetime | None


class UpdateExtensionIn(In):
    """How many working days more, and why."""

    days: Days
    reason: Annotated[str, Field(min_length=1, max_length=500)]


class UpdateExtensionOut(Out):
    """A request for more time to update. ``consented`` is null while the authority has not decided."""

    id: str
    entry: str
    name: str
    organisation: OrganisationRef
    days: int
    reason: str
    due_on: date
    asked_by: str
    asked_at: datetime
    consented: bool | None
    note: str
    decided_by: str
    decided_at: datetime | None


class ChangeEventIn(In):
    """A change of law or duty and the published entries it touches."""

    kind: Annotated[UpdateTrigger, Lax]
    title: Annotated[str, Field(min_length=1, max_length=200)]
    basis: Annotated[str, Field(min_length=1, max_length=500)]
    happened_on: Day
    entries: list[Code] = Field(min_length=1, max_length=2000)


class ChangeEventOut(Out):
    """A registered change."""

    id: str
    kind: str
    kind_label: str
    title: str
    basis: str
    happened_on: date
    organisation: OrganisationRef
    registered_by: str
    registered_at: datetime
    entry_count: int


class TouchOut(Out):
    """An entry a change touches, the version that answers it, and its clock."""

    entry: str
    name: str
    organisation: OrganisationRef
    version: int | None
    version_state: str
    clock: ClockOut | None


class DifferenceOut(Out):
    """One difference of two versions; ``item`` is empty for the entry's own fields."""

    kind: str = Field(description="changed, added, removed")
    item: str
    field: str
    label: str
    before: Any
    after: Any
    before_text: str
    after_text: str


class ComparisonOut(Out):
    """Two versions of an entry compared."""

    before: int
    after: int
    differences: list[DifferenceOut]


def batch_out(row: BatchRun) -> BatchRunOut:
    """Return a batch as answers show it."""
    return BatchRunOut(
        id=str(row.id),
        step=row.step,
        state=row.state,
        total=row.total,
        done=row.done,
        succeeded=row.succeeded,
        failed=row.failed,
        created_by=row.post.user.name,
        created_at=row.created_at,
        finished_at=row.finished_at,
    )


def outcome_out(row: BatchOutcome, language: str) -> OutcomeOut:
    """Return an outcome as answers show it, its refusal in a language."""
    key = "en" if language.startswith("en") else "zh"
    return OutcomeOut(
        position=row.position,
        entry=row.entry_code,
        name=row.name,
        state=row.state,
        done=row.is_done,
        code=row.problem.get("code", ""),
        message=row.problem.get(key, ""),
        next_step=row.problem.get(f"{key}_next", ""),
    )


def work_row_out(row: WorkRow) -> WorkRowOut:
    """Return a line of a list as answers show it."""
    version = row.version
    return WorkRowOut(
        entry=version.entry.code,
        version_id=str(version.id),
        number=version.number,
        name=version.name,
        kind=row.sort.value,
        organisation=organisation_ref(version.entry.organisation),
        share_attribute=version.share_attribute,
        item_count=len(version.items.all()),
        changes=row.changes,
        clock=clock_out(row.clock),
    )


def reason_out(row: ReturnReason, language: str) -> ReasonOut:
    """Return a coded reason as answers show it."""
    english = language.startswith("en")
    return ReasonOut(
        id=row.id,
        name=row.label(language),
        clause=row.clause,
        advice=row.advice_en if english else row.advice,
        needs_text=row.needs_text,
    )


def filing_out(row: Filing) -> FilingOut:
    """Return a filing as answers show it."""
    return FilingOut(
        id=str(row.id),
        entry=row.entry.code,
        name=row.entry.published_name,
        organisation=organisation_ref(row.entry.organisation),
        reason=row.reason,
        consulted=[ConsultedOut(**found) for found in row.consulted],
        filed_by=person(row.filed_by),
        filed_at=row.filed_at,
        accepted=row.accepted,
        note=row.note,
        decided_by=person(row.decided_by),
        decided_at=row.decided_at,
    )


def extension_out(row: UpdateExtension) -> UpdateExtensionOut:
    """Return a request for more time as answers show it."""
    return UpdateExtensionOut(
        id=str(row.id),
        entry=row.entry.code,
        name=row.entry.published_name,
        organisation=organisation_ref(row.entry.organisation),
        days=row.days,
        reason=row.reason,
        due_on=row.clock.due_on,
        asked_by=person(row.asked_by),
        asked_at=row.asked_at,
        consented=row.consented,
        note=row.note,
        decided_by=person(row.decided_by),
        decided_at=row.decided_at,
    )


def change_event_out(row: ChangeEvent, count: int) -> ChangeEventOut:
    """Return a registered change as answers show it."""
    return ChangeEventOut(
        id=str(row.id),
        kind=row.kind,
        kind_label=str(UpdateTrigger(row.kind).label),
        title=row.title,
        basis=row.basis,
        happened_on=row.happened_on,
        organisation=organisation_ref(row.organisation),
        registered_by=person(row.registered_by),
        registered_at=row.registered_at,
        entry_count=count,
    )


def touch_out(row: TouchRow) -> TouchOut:
    """Return an entry a change touches as answers show it."""
    entry, version = row.touch.entry, row.touch.version
    return TouchOut(
        entry=entry.code,
        name=entry.published_name,
        organisation=organisation_ref(entry.organisation),
        version=version.number if version else None,
        version_state=VersionState(version.state).value if version else "",
        clock=clock_out(row.clock),
    )


def _difference(row: Change) -> DifferenceOut:
    return DifferenceOut(
        kind=row.kind,
        item=row.subject,
        field=row.field,
        label=str(row.label),
        before=row.before,
        after=row.after,
        before_text=row.before_text,
        after_text=row.after_text,
    )


def comparison_out(row: Comparison) -> ComparisonOut:
    """Return two versions compared as answers show it."""
    return ComparisonOut(
        before=row.before.number, after=row.after.number, differences=[_difference(change) for change in row.changes]
    )
