"""What an application looks like to its parties."""

from __future__ import annotations

from datetime import date, datetime

from jutong.api.shapes.common import (
    ClockOut,
    OrganisationRef,
    SystemRef,
    clock_out,
    organisation_ref,
    person,
    system_ref,
)
from jutong.api.types import Out
from jutong.center.clocks.queries import ClockView
from jutong.center.org.actor import Actor
from jutong.center.sharing import queries
from jutong.center.sharing.conditions import sentence
from jutong.center.sharing.enums import ApplicationState
from jutong.center.sharing.models import (
    Application,
    ApplicationCondition,
    ApplicationItem,
    Extension,
    Reply,
    Supplement,
)
from jutong.center.sharing.queries import ApplicationRow, Step


class AskedItemOut(Out):
    """One item asked for and what was answered."""

    item_id: str
    name: str
    is_key: bool
    asked: str
    reason: str
    answer: str
    given: str
    answer_note: str


class ConditionOut(Out):
    """A typed condition on the rows, who set it, and how it reads."""

    item_id: str
    item: str
    operator: str
    values: list[str]
    origin: str
    sentence: str


class ConsentOut(Out):
    """A 工作机构负责人's decision on one side."""

    side: str
    agreed: bool
    note: str
    by: str
    on_behalf_of: str
    at: datetime


class SupplementOut(Out):
    """补正: what was missing, told once, and what came."""

    missing: list[str]
    sent_by: str
    sent_at: datetime
    answered_text: str
    answered_at: datetime | None


class ExtensionOut(Out):
    """More time for the reply, as far as the authority decided."""

    days: int
    reason: str
    asked_by: str
    asked_at: datetime
    consented: bool | None
    consented_by: str
    consented_at: datetime | None


class ReplyOut(Out):
    """答复: in force once the provider's 工作机构负责人 consented."""

    agreed: bool
    refusal: str
    text: str
    prepared_by: str
    prepared_at: datetime
    in_force_at: datetime | None


class MessageOut(Out):
    """One message between the two sides."""

    by: str
    organisation: str
    text: str
    at: datetime


class StepOut(Out):
    """One line of the timeline."""

    key: str
    state: str
    title: str
    at: datetime | None
    by: str
    organisation: str
    note: str
    quote: str
    clock: ClockOut | None
    legal_days: int | None
    until: date | None


class ApplicationRowOut(Out):
    """One line of a list of applications."""

    number: str
    title: str
    state: str
    state_label: str
    entry_code: str
    entry_name: str
    requester: OrganisationRef
    provider: OrganisationRef
    created_at: datetime
    clock: ClockOut | None


class ApplicationOut(ApplicationRowOut):
    """One application with everything on it. ``events`` are the steps the caller may take now."""

    share_attribute: str
    basis: str
    scenario: str
    scope: str
    duty: str
    share_way: str
    valid_until: date | None
    frequency: str
    expected_monthly: int
    daily_quota: int
    per_minute: int
    call_days: str
    first_minute: int | None
    last_minute: int | None
    division_filter: str
    system: SystemRef | None
    is_true: bool
    is_lawful: bool
    is_necessary: bool
    created_by: str
    submitted_at: datetime | None
    decided_at: datetime | None
    closed_at: datetime | None
    grant_number: str
    renews: str
    items: list[AskedItemOut]
    conditions: list[ConditionOut]
    consents: list[ConsentOut]
    supplement: SupplementOut | None
    extension: ExtensionOut | None
    reply: ReplyOut | None
    messages: list[MessageOut]
    timeline: list[StepOut]
    events: list[str]


class ManyOut(Out):
    """What became of one application of a batch; ``problem`` is empty where it was done."""

    number: str
    title: str
    problem: str


def row_out(row: ApplicationRow) -> ApplicationRowOut:
    """Return a row as answers show it."""
    return _row(row.application, row.clock)


def _row(application: Application, clock: ClockView | None) -> ApplicationRowOut:
    return ApplicationRowOut(
        number=application.number,
        title=application.title,
        state=application.state,
        state_label=str(ApplicationState(application.state).label),
        entry_code=application.entry.code,
        entry_name=application.version.name,
        requester=organisation_ref(application.requester),
        provider=organisation_ref(application.provider),
        created_at=application.created_at,
        clock=clock_out(clock),
    )


_AS_KEPT = (
    "share_attribute", "basis", "scenario", "scope", "share_way", "valid_until", "daily_quota", "division_filter",
    "frequency", "expected_monthly", "per_minute", "call_days", "first_minute", "last_minute",
    "is_true", "is_lawful", "is_necessary", "submitted_at", "decided_at", "closed_at",
)  # fmt: skip


def application_out(actor: Actor, number: str, now: datetime) -> ApplicationOut:
    """Return one application as the actor may see it.

    Raises:
        NotFoundError: if there is none of this number the actor may see.
    """
    found = queries.application(actor, number)
    row = queries.with_clocks([found], now)[0]
    grant = getattr(found, "grant", None)
    return ApplicationOut(
        **dict(_row(found, row.clock)),
        **{name: getattr(found, name) for name in _AS_KEPT},
        system=system_ref(found.system),
        created_by=person(found.created_by),
        grant_number=grant.number if grant is not None else "",
        duty=str(found.duty) if found.duty else "",
        renews=found.renews.number if found.renews else "",
        conditions=[_condition(row) for row in found.conditions.all()],
        items=[_item(asked) for asked in found.items.all()],
        consents=[
            ConsentOut(
                side=given.side,
                agreed=given.agreed,
                note=given.note,
                by=given.by.name,
                on_behalf_of=person(given.on_behalf_of),
                at=given.at,
            )
            for given in found.consents.all()
        ],
        supplement=_supplement(getattr(found, "supplement", None)),
        extension=_extension(getattr(found, "extension", None)),
        reply=_reply(getattr(found, "reply", None)),
        messages=[
            MessageOut(by=sent.by.name, organisation=sent.organisation.short_name, text=sent.text, at=sent.at)
            for sent in found.messages.all()
        ],
        timeline=[_step(step) for step in queries.timeline(found, now)],
        events=sorted(queries.events_for(found, actor, now)),
    )


def _item(row: ApplicationItem) -> AskedItemOut:
    return AskedItemOut(
        item_id=str(row.item_id),
        name=row.item.name,
        is_key=row.item.is_key,
        asked=row.asked,
        reason=row.reason,
        answer=row.answer,
        given=row.given,
        answer_note=row.answer_note,
    )


def _condition(row: ApplicationCondition) -> ConditionOut:
    return ConditionOut(
        item_id=str(row.item_id),
        item=row.item.name,
        operator=row.operator,
        values=row.values,
        origin=row.origin,
        sentence=sentence(row),
    )


def _supplement(row: Supplement | None) -> SupplementOut | None:
    if row is None:
        return None
    return SupplementOut(
        missing=row.missing,
        sent_by=row.sent_by.name,
        sent_at=row.sent_at,
        answered_text=row.answered_text,
        answered_at=row.answered_at,
    )


def _extension(row: Extension | None) -> ExtensionOut | None:
    if row is None:
        return None
    return ExtensionOut(
        days=row.days,
        reason=row.reason,
        asked_by=row.asked_by.name,
        asked_at=row.asked_at,
        consented=row.consented,
        consented_by=person(row.consented_by),
        consented_at=row.consented_at,
    )


def _reply(row: Reply | None) -> ReplyOut | None:
    if row is None:
        return None
    return ReplyOut(
        agreed=row.agreed,
        refusal=row.refusal,
        text=row.text,
        prepared_by=row.prepared_by.name,
        prepared_at=row.prepared_at,
        in_force_at=row.in_force_at,
    )


def _step(step: Step) -> StepOut:
    return StepOut(
        key=step.key,
        state=step.state,
        title=str(step.title),
        at=step.at,
        by=step.by,
        organisation=step.organisation,
        note=str(step.note),
        quote=step.quote,
        clock=clock_out(step.clock),
        legal_days=step.legal_days,
        until=step.until,
    )
