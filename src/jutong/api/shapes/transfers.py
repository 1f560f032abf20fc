from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from jutong.api.shapes.common import person
from jutong.api.types import In, Note, Out
from jutong.center.jobs.extras import SAMPLE
from jutong.center.jobs.proposals import Proposal, Proposed
from jutong.center.jobs.schedule import Schedule
from jutong.center.jobs.transfer import Priority, TransferState, TransferVersion
from jutong.center.jobs.transfer_queries import TransferView
from jutong.center.jobs.transfers import Terms
from jutong.center.jobs.work import NAME, Work
from jutong.contracts.care import LONGEST_STATEMENT
from jutong.contracts.dry import MOST_ROWS
from jutong.contracts.landing import Landing
from jutong.contracts.modes import PERIOD, Mode
from jutong.contracts.rules import MOST_RULES, ColumnMask, Rule
from jutong.contracts.steps import MOST_STEPS, Step

EntryCode = Annotated[str, Field(pattern=r"^[0-9A-Z]{1,32}/[0-9A-Z]{1,31}$")]
Title = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[^\x00]*\S[^\x00]*$")]


class ReadingHoursIn(In):
    """When the source may be read, in minutes after midnight in Beijing; ``days`` counts Monday as 1."""

    days: Annotated[list[Annotated[int, Field(ge=1, le=7)]], Field(min_length=1, max_length=7)]
    first_minute: Annotated[int, Field(ge=0, le=1439)]
    last_minute: Annotated[int, Field(ge=0, le=1439)]


class CareIn(In):
    """What a move may take of its source; 0 is no limit of its own."""

    rows_per_second: Annotated[int, Field(ge=0, le=10**9)] = 0
    bytes_per_second: Annotated[int, Field(ge=0, le=10**12)] = 0
    hours: Annotated[list[ReadingHoursIn], Field(max_length=14, default_factory=list)]
    statement_seconds: Annotated[int, Field(ge=0, le=LONGEST_STATEMENT)] = 0
    lock_seconds: Annotated[int, Field(ge=0, le=LONGEST_STATEMENT)] = 0


NO_NUL = r"^[^\x00]+$"


class FingerprintIn(In):
    """Whose order the rows come in, and by which column; without one the node takes the one that tells rows apart."""

    agreement: Annotated[str, Field(min_length=1, max_length=64, pattern=NO_NUL)]
    column: Annotated[str, Field(min_length=1, max_length=128, pattern=NO_NUL)] | None = None


class WorkIn(In):
    """What is done with every row and where it goes.

    Without ``target`` the library's table is named after the code. ``steps`` are taken first, then ``rules`` asked by
    the names the steps leave, then ``masks`` put on what passed. With ``into`` rows go into a table of a database of
    the same node, or as a file into one of its folders (folder, name, headings), instead of the library. ``mode`` says
    how they meet the rows that are there. With a ``fingerprint`` rows come in an order by which a leaked copy is told;
    who the recipient is follows from its ``agreement``.
    """

    target: Annotated[str, Field(pattern=NAME)] = ""
    steps: Annotated[list[Step], Field(max_length=MOST_STEPS, default_factory=list)]
    rules: Annotated[list[Rule], Field(max_length=MOST_RULES, default_factory=list)]
    masks: Annotated[list[ColumnMask], Field(max_length=MOST_RULES, default_factory=list)]
    mode: Mode | None = None
    into: Landing | None = None
    care: CareIn | None = None
    fingerprint: FingerprintIn | None = None


def work_of(body: WorkIn) -> Work:
    """Return the work a body asks for."""
    fields = {name: getattr(body, name) for name in ("target", "steps", "rules", "masks", "mode", "into")}
    care = body.care.model_dump() if body.care else None
    mark = body.fingerprint.model_dump() if body.fingerprint else None
    return Work.model_validate({**fields, "care": care, "fingerprint": mark}, strict=False)


class ScheduleIn(In):
    """When it runs, in Beijing time.

    ``every`` counts minutes or hours; ``days`` are Monday as 1 for ``weekly`` and days of the month for ``monthly``,
    where one the month has not is its last day; ``transfer`` is the id of the one to wait for with ``after``.
    ``arrival`` is for tables of files: when new ones came.
    """

    kind: Literal["demand", "minutes", "hours", "daily", "workdays", "weekly", "monthly", "after", "arrival"] = "demand"
    every: Annotated[int, Field(ge=1, le=59)] = 1
    at: Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")] = "02:00"
    days: Annotated[list[Annotated[int, Field(ge=1, le=31)]], Field(max_length=31, default_factory=list)]
    transfer: Annotated[str, Field(pattern=r"^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})?$")] = ""


class TransferTermsIn(In):
    """Everything a transfer says. ``promised_hours`` is how old its data may become; null promises nothing."""

    name: Title
    work: Annotated[WorkIn, Field(default_factory=WorkIn)]
    schedule: Annotated[ScheduleIn, Field(default_factory=ScheduleIn)]
    promised_hours: Annotated[int, Field(ge=1, le=10_000)] | None = None
    priority: Literal[1, 5, 9] = 5


class NewTransferIn(TransferTermsIn):
    """A transfer to make and switch on."""

    entry_code: EntryCode


def terms_in(body: TransferTermsIn) -> Terms:
    """Return the terms a body states.

    Raises:
        ValidationError: if the schedule contradicts itself.
    """
    return Terms(
        name=body.name.strip(),
        work=work_of(body.work),
        schedule=Schedule.model_validate(body.schedule.model_dump()),
        promised_hours=body.promised_hours,
        priority=Priority(body.priority),
    )


class SwitchIn(In):
    """Switched on, or off for a reason."""

    on: bool
    reason: Note = ""


class TrialIn(In):
    """How many rows a dry run reads, spread over the table; 0 reads all."""

    rows: Annotated[int, Field(ge=0, le=MOST_ROWS)] = SAMPLE


Bound = Annotated[str, Field(pattern=PERIOD)]


class BackfillIn(In):
    """Values of the watermark: from ``first`` on, and before ``until``.

    Numbers, days (2026-01-31) or instants in Beijing time (2026-01-31T08:00:00).
    """

    first: Bound
    until: Bound


class ScheduleOut(Out):
    """When it runs."""

    kind: str
    every: int
    at: str
    days: list[int]
    transfer: str
    words: str = Field(description="按人的说法 · as people say it")


class TransferOut(Out):
    """A saved transfer. ``work`` reads as it is sent; what is not used is left out."""

    id: str
    entry_code: str
    entry_name: str
    name: str
    state: str = Field(description="draft, on, off")
    state_label: str
    state_reason: str
    version: int
    health: str = Field(
        description="draft, off, running, failed, problem, unknown, late, aside, new, good; the first that fits"
    )
    health_label: str
    work: dict[str, Any]
    schedule: ScheduleOut
    promised_hours: int | None
    priority: int
    next_at: datetime | None
    fresh_at: datetime | None
    due_at: datetime | None
    problem: str
    last_job_id: str


def schedule_out(kept: dict[str, Any]) -> ScheduleOut:
    """Return a schedule as answers show it."""
    schedule = Schedule.model_validate(kept)
    return ScheduleOut(**schedule.model_dump(mode="json"), words=schedule.words)


def transfer_out(view: TransferView) -> TransferOut:
    """Return a transfer as answers show it."""
    row = view.transfer
    return TransferOut(
        id=str(row.id),
        entry_code=row.entry.code,
        entry_name=row.entry.published_name,
        state_label=str(TransferState(row.state).label),
        health=view.health.value,
        health_label=str(view.health.label),
        schedule=schedule_out(row.schedule),
        last_job_id=str(view.last.id) if view.last else "",
        **{name: getattr(row, name) for name in _AS_KEPT},
    )


_AS_KEPT = (
    "name", "state", "state_reason", "version", "work", "promised_hours", "priority", "next_at", "fresh_at", "due_at",
    "problem",
)  # fmt: skip


class TransferVersionOut(Out):
    """What a transfer said from a moment on."""

    number: int
    name: str
    work: dict[str, Any]
    schedule: ScheduleOut
    promised_hours: int | None
    priority: int
    made_by: str
    made_at: datetime


def version_out(row: TransferVersion) -> TransferVersionOut:
    """Return a version as answers show it."""
    return TransferVersionOut(
        number=row.number, name=row.name, work=row.work, schedule=schedule_out(row.schedule),
        promised_hours=row.promised_hours, priority=row.priority, made_by=person(row.made_by), made_at=row.made_at,
    )  # fmt: skip


class ProposedOut(Out):
    """One step, rule or mask that is proposed, and why; ``chosen`` is taken unless somebody takes it out."""

    what: dict[str, Any]
    reason: str
    chosen: bool


class TransferProposalOut(Out):
    """What is proposed for a move of an entry's table."""

    columns: list[str]
    steps: list[ProposedOut]
    rules: list[ProposedOut]
    masks: list[ProposedOut]


def proposal_out(found: Proposal) -> TransferProposalOut:
    """Return a proposal as answers show it."""
    return TransferProposalOut(
        columns=list(found.columns),
        steps=[_proposed(one) for one in found.steps],
        rules=[_proposed(one) for one in found.rules],
        masks=[_proposed(one) for one in found.masks],
    )


def _proposed(one: Proposed[Any]) -> ProposedOut:
    return ProposedOut(what=one.what.model_dump(mode="json"), reason=one.because(), chosen=one.chosen)
