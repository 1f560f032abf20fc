"""待我办理: everything that waits for the actor's post, the most pressing first."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID

from django.db.models import Count, QuerySet
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from jutong.center.catalog import duty_queries as duties
from jutong.center.catalog import queries as catalog
from jutong.center.catalog.enums import VersionState
from jutong.center.catalog.models import Entry, EntryVersion
from jutong.center.catalog.worklists import Worklist, worklist
from jutong.center.clocks.queries import ClockView
from jutong.center.clocks.queries import running_for as clocks_for
from jutong.center.clocks.queries import views as clock_views
from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.org.permissions import Permission
from jutong.center.ownership import queries as ownership
from jutong.center.ownership.enums import PlanState
from jutong.center.sharing.enums import ApplicationState, GrantState
from jutong.center.sharing.models import Application, ApplicationItem, Grant
from jutong.center.sharing.queries.reading import with_clocks
from jutong.center.sharing.queries.tasks import Task, TaskKind, registered
from jutong.kernel.clock import BEIJING, civil_date

CAP = 200
"""Tasks of one kind that are read at most."""
_SHOWN = (
    "id", "number", "title", "state", "share_attribute", "submitted_at", "created_at", "requester__short_name",
    "provider__short_name", "created_by__name",
)  # fmt: skip
MANY = 10
"""More versions than this wait as one task, to be taken in a batch."""


def _order(task: Task) -> tuple[date, datetime]:
    return task.due_on or date.max, task.since


def inbox(actor: Actor, now: datetime) -> list[Task]:
    """Return what waits for the actor's post: due ones by their last day, then the others by age."""
    org.require(actor, Permission.SHARING_INBOX_VIEW)
    found: list[Task] = []
    for permission, source in (*_SOURCES, *registered()):
        if org.has(actor, permission):
            found += source(actor, now)
    return sorted(found, key=_order)


def _applications(state: str, **rule: object) -> QuerySet[Application]:
    return _ready(Application.objects.filter(state=state, **rule))


def _ready(rows: QuerySet[Application]) -> QuerySet[Application]:
    """Fetch what a task shows along with the applications and nothing else of them, the oldest first."""
    return rows.select_related("requester", "provider", "created_by").only(*_SHOWN).order_by("created_at", "id")


def _tasks(kind: TaskKind, rows: Iterable[Application], now: datetime, *, mine: bool = False) -> list[Task]:
    """Turn applications into tasks; ``mine`` when the requester's own people have to act."""
    tasks, listed = [], list(rows)
    asked = ApplicationItem.objects.filter(application__in=[row.id for row in listed]).order_by()
    counts = dict(asked.values_list("application").annotate(n=Count("id")))
    for row in with_clocks(listed, now):
        application = row.application
        other = application.provider if mine else application.requester
        tasks.append(
            Task(
                kind=kind, title=application.title, number=application.number, subject_id=str(application.id),
                organisation=other.short_name, person=application.created_by.name if application.created_by else "",
                since=application.submitted_at or application.created_at,
                note=format_lazy(_("申请{n}个信息项"), n=counts.get(application.id, 0)), clock=row.clock,
            )
        )  # fmt: skip
    return tasks


def _own(actor: Actor) -> UUID:
    return actor.organisation_id or org.NOBODY


def _to_revise(actor: Actor, now: datetime) -> list[Task]:
    back = _applications(ApplicationState.DRAFT, requester_id=_own(actor), created_by_id=actor.user_id)
    returned = back.filter(consents__side="requester", consents__agreed=False).distinct()
    return _tasks(TaskKind.APPLICATION_REVISE, returned[:CAP], now, mine=True)


def to_consent(actor: Actor, now: datetime) -> list[Task]:
    """Return the own department's applications that wait for a consent of somebody else than their drafter."""
    waiting = _applications(ApplicationState.AWAITING_CONSENT, requester_id=_own(actor))
    others = waiting.exclude(created_by_id=actor.user_id)
    return _tasks(TaskKind.APPLICATION_CONSENT, others[:CAP], now, mine=True)


def _to_answer(actor: Actor, now: datetime) -> list[Task]:
    waiting = _applications(ApplicationState.SUBMITTED, provider_id=_own(actor))
    return _tasks(TaskKind.APPLICATION_ANSWER, waiting[:CAP], now)


def to_consent_reply(actor: Actor, now: datetime) -> list[Task]:
    """Return the own department's replies that wait for a consent of somebody else than who prepared them."""
    waiting = _applications(ApplicationState.REPLY_PREPARED, provider_id=_own(actor))
    return _tasks(TaskKind.REPLY_CONSENT, waiting.exclude(reply__prepared_by_id=actor.user_id)[:CAP], now)


def _to_supplement(actor: Actor, now: datetime) -> list[Task]:
    waiting = _applications(ApplicationState.SUPPLEMENTING, requester_id=_own(actor))
    return _tasks(TaskKind.SUPPLEMENT_ANSWER, waiting[:CAP], now, mine=True)


def _to_decide(actor: Actor, now: datetime) -> list[Task]:
    states = (ApplicationState.SUBMITTED, ApplicationState.SUPPLEMENTING, ApplicationState.REPLY_PREPARED)
    waiting = _ready(
        Application.objects.filter(
            state__in=states,
            extension__isnull=False,
            extension__consented=None,
            provider__division_code=actor.division_code,
        )
    )
    return _tasks(TaskKind.EXTENSION_DECIDE, waiting[:CAP], now)


def _to_supply(actor: Actor, now: datetime) -> list[Task]:
    kinds = {GrantState.AWAITING_BINDING: TaskKind.SUPPLY_BIND, GrantState.FAILED: TaskKind.SUPPLY_REPAIR}
    grants = Grant.objects.filter(provider_id=_own(actor), state__in=kinds).select_related(
        "application__requester", "application__provider", "application__version", "application__created_by"
    )[:CAP]
    by_application = {grant.application_id: grant for grant in grants}
    tasks = []
    for row in with_clocks([grant.application for grant in by_application.values()], now):
        grant, application = by_application[row.application.id], row.application
        tasks.append(
            Task(
                kind=kinds[GrantState(grant.state)], title=application.title, number=application.number,
                subject_id=str(application.id), organisation=application.requester.short_name,
                person=application.created_by.name if application.created_by else "", since=grant.issued_at,
                note=grant.problem, clock=row.clock if row.clock and row.clock.state != "done" else None,
            )
        )  # fmt: skip
    return tasks


def _version_task(
    kind: TaskKind, version: EntryVersion, since: datetime | None, clock: ClockView | None = None
) -> Task:
    return Task(
        kind=kind, title=version.name, number=version.entry.code, subject_id=str(version.id),
        organisation=version.entry.organisation.short_name,
        person=version.created_by.name if version.created_by else "", since=since or version.created_at,
        note=version.return_reason if kind == TaskKind.CATALOG_REVISE else "", clock=clock,
    )  # fmt: skip


def _catalog_revise(actor: Actor, now: datetime) -> list[Task]:
    rows = EntryVersion.objects.filter(state=VersionState.RETURNED, entry__organisation_id=_own(actor))
    found = rows.select_related("entry__organisation", "created_by").order_by("created_at", "id")[:CAP]
    return [_version_task(TaskKind.CATALOG_REVISE, row, row.decided_at) for row in found]


def _catalog_submit(actor: Actor, now: datetime) -> list[Task]:
    return _from_list(TaskKind.CATALOG_SUBMIT, Worklist.SUBMIT, actor, now)


def _catalog_consent(actor: Actor, now: datetime) -> list[Task]:
    return _from_list(TaskKind.CATALOG_CONSENT, Worklist.CONSENT, actor, now)


def _catalog_review(actor: Actor, now: datetime) -> list[Task]:
    return _from_list(TaskKind.CATALOG_REVIEW, Worklist.REVIEW, actor, now)


def _from_list(kind: TaskKind, name: Worklist, actor: Actor, now: datetime) -> list[Task]:
    """Return a task per version of a list, or one for all where many wait; its clock is the most pressing."""
    rows = worklist(actor, name)
    found = list(rows.select_related("entry__organisation", "created_by")[: MANY + 1])
    clocks = catalog.clocks_of([row.id for row in found], civil_date(now))
    if len(found) <= MANY:
        return [_version_task(kind, row, _since(row), clocks.get(str(row.id))) for row in found]
    total = rows.count()
    first = found[0]
    names = {row.entry.organisation.short_name for row in found}
    title = gettext("%(n)s条目录") % {"n": total}
    return [
        Task(
            kind=kind, title=title, number="", subject_id="", organisation=names.pop() if len(names) == 1 else "",
            person="", since=_since(first), note=_("可以一起办理"), clock=clocks.get(str(first.id)), count=total,
        )
    ]  # fmt: skip


def _since(version: EntryVersion) -> datetime:
    found = {VersionState.CONSENTED: version.consented_at, VersionState.SUBMITTED: version.submitted_at}
    return found.get(VersionState(version.state)) or version.created_at


def _catalog_update(actor: Actor, now: datetime) -> list[Task]:
    """Entries whose ten days run (条例 17), while nothing was submitted."""
    running = clocks_for(actor).filter(subject_kind="catalog-entry", organisation_id=_own(actor))[: MANY + 1]
    rows = clock_views(running, civil_date(now))
    if len(rows) > MANY:
        total = clocks_for(actor).filter(subject_kind="catalog-entry", organisation_id=_own(actor)).count()
        clock, view = rows[0]
        title = gettext("%(n)s条目录") % {"n": total}
        since = _midnight(clock.started_on)
        return [Task(TaskKind.CATALOG_UPDATE, title, "", "", view.organisation_name, "", since, "", view, total)]
    codes = dict(Entry.objects.filter(id__in=[clock.subject_id for clock, _view in rows]).values_list("id", "code"))
    return [
        Task(
            kind=TaskKind.CATALOG_UPDATE, title=clock.subject_label, number=codes[UUID(clock.subject_id)],
            subject_id=clock.subject_id, organisation=view.organisation_name, person="",
            since=_midnight(clock.started_on), clock=view,
        )
        for clock, view in rows
    ]  # fmt: skip


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=BEIJING)


def _catalog_extension(actor: Actor, now: datetime) -> list[Task]:
    waiting = duties.extensions(actor).filter(consented=None).order_by("asked_at")[:CAP]
    days = {clock.id: view for clock, view in clock_views([row.clock for row in waiting], civil_date(now))}
    return [
        Task(
            kind=TaskKind.CATALOG_EXTENSION, title=row.entry.published_name, number=row.entry.code,
            subject_id=str(row.id), organisation=row.entry.organisation.short_name, person=row.asked_by.name,
            since=row.asked_at, note=row.reason, clock=days[row.clock_id],
        )
        for row in waiting
    ]  # fmt: skip


def _catalog_filing(actor: Actor, now: datetime) -> list[Task]:
    waiting = duties.filings(actor).filter(accepted=None).order_by("filed_at")[:CAP]
    return [
        Task(
            kind=TaskKind.CATALOG_FILING, title=row.entry.published_name, number=row.entry.code,
            subject_id=str(row.id), organisation=row.entry.organisation.short_name, person=row.filed_by.name,
            since=row.filed_at, note=row.reason,
        )
        for row in waiting
    ]  # fmt: skip


def _source_position(actor: Actor, now: datetime) -> list[Task]:
    return [
        Task(
            kind=TaskKind.SOURCE_POSITION, title=row.designation.subject.name, number="",
            subject_id=str(row.designation.subject_id), organisation=row.designation.organisation.short_name, person="",
            since=row.designation.proposed_at,
            note=format_lazy(_("{day}前表态"), day=row.designation.answer_by.isoformat()),
        )
        for row in ownership.positions_to_state(actor)[:CAP]
    ]  # fmt: skip


def _plan_decide(actor: Actor, now: datetime) -> list[Task]:
    waiting = ownership.plans(actor).filter(state=PlanState.SUBMITTED).order_by("submitted_at")[:CAP]
    return [
        Task(
            kind=TaskKind.PLAN_DECIDE, title=row.name, number="", subject_id=str(row.id),
            organisation=row.organisation.short_name, person=row.created_by.name if row.created_by else "",
            since=row.submitted_at or row.changed_at,
        )
        for row in waiting
    ]  # fmt: skip


_SOURCES: tuple[tuple[Permission, Callable[[Actor, datetime], list[Task]]], ...] = (
    (Permission.SHARING_APPLICATION_DRAFT, _to_revise),
    (Permission.SHARING_APPLICATION_CONSENT, to_consent),
    (Permission.SHARING_REPLY_PREPARE, _to_answer),
    (Permission.SHARING_REPLY_CONSENT, to_consent_reply),
    (Permission.SHARING_SUPPLEMENT_ANSWER, _to_supplement),
    (Permission.SHARING_EXTENSION_DECIDE, _to_decide),
    (Permission.CATALOG_ENTRY_BIND, _to_supply),
    (Permission.CATALOG_ENTRY_EDIT, _catalog_revise),
    (Permission.CATALOG_ENTRY_SUBMIT, _catalog_submit),
    (Permission.CATALOG_ENTRY_CONSENT, _catalog_consent),
    (Permission.CATALOG_ENTRY_REVIEW, _catalog_review),
    (Permission.CATALOG_EXTENSION_ASK, _catalog_update),
    (Permission.CATALOG_EXTENSION_DECIDE, _catalog_extension),
    (Permission.CATALOG_FILING_DECIDE, _catalog_filing),
    (Permission.OWNERSHIP_POSITION_STATE, _source_position),
    (Permission.OWNERSHIP_PLAN_DECIDE, _plan_decide),
)
"""Each kind of task with the permission whose holders it waits for."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many tasks wait, are overdue, or are due within two working days."""

    total: int
    overdue: int
    soon: int
    paused: int


def tally(tasks: Iterable[Task]) -> Tally:
    """Return the counts a page puts above a list of tasks."""
    listed = list(tasks)
    states = [task.clock.state for task in listed if task.clock is not None]
    return Tally(len(listed), states.count("over"), states.count("soon"), states.count("paused"))
