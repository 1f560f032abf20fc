"""Reading changes of law, requests for more time, and filings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from jutong.center.catalog.actions.taking_down import OWED, users_of
from jutong.center.catalog.life import ChangeEvent, Filing, Touch, UpdateExtension
from jutong.center.catalog.models import Entry
from jutong.center.catalog.steps import UPDATE_SUBJECT
from jutong.center.clocks.models import StatutoryClock
from jutong.center.clocks.queries import OPEN, ClockView, calendar, clock_view
from jutong.center.clocks.rules import cap_of
from jutong.center.org.actor import Actor
from jutong.center.org.enums import Role
from jutong.center.org.models import Organisation
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import NOBODY, as_uuid, require
from jutong.center.sharing.models import Application, Grant
from jutong.kernel.errors import NotFoundError

PERIOD = "SLA-CAT-UPD"


@dataclass(frozen=True, slots=True)
class TouchRow:
    """One entry a change touches: its clock, and the version that answers it."""

    touch: Touch
    clock: ClockView | None


@dataclass(frozen=True, slots=True)
class Use:
    """Who would be left without an entry that is taken down."""

    users: dict[str, Organisation]
    grants: int
    owed: int
    filing: Filing | None
    """The newest filing, accepted or not."""

    @property
    def is_free(self) -> bool:
        """Whether the entry may be taken down now."""
        if self.owed:
            return False
        accepted = self.filing if self.filing and self.filing.accepted else None
        asked = {row["code"] for row in accepted.consulted} if accepted else set()
        return set(self.users) <= asked


def change_events(actor: Actor) -> QuerySet[ChangeEvent]:
    """Return the registered changes the actor's department registered or is touched by; the authority's division's.

    Raises:
        ForbiddenError: if the post does not see drafts.
    """
    require(actor, Permission.CATALOG_DRAFT_VIEW)
    rows = ChangeEvent.objects.select_related("organisation", "registered_by")
    own = actor.organisation_id or NOBODY
    if actor.role == Role.AUTHORITY:
        mine = Q(division_code=actor.division_code)
    else:
        mine = Q(organisation_id=own) | Q(id__in=Touch.objects.filter(entry__organisation_id=own).values("event_id"))
    return rows.filter(mine).annotate(count=Count("touches")).order_by("-registered_at", "-id")


def change_event(actor: Actor, event_id: UUID | str) -> ChangeEvent:
    """Return one registered change.

    Raises:
        NotFoundError: if there is none the actor may see.
    """
    found = change_events(actor).filter(id=as_uuid(event_id)).first()
    if found is None:
        raise NotFoundError(what=str(event_id))
    return found


def touches(actor: Actor, event: ChangeEvent) -> QuerySet[Touch]:
    """Return the entries a change touches: a department sees its own, the authority all."""
    rows = event.touches.select_related("entry__organisation", "version").order_by("entry__code")
    return rows if actor.role == Role.AUTHORITY else rows.filter(entry__organisation_id=actor.organisation_id or NOBODY)


def touch_rows(event: ChangeEvent, page: Sequence[Touch], today: date) -> list[TouchRow]:
    """Return entries a change touches with the clock each has or had for it."""
    clocks: dict[str, StatutoryClock] = {}
    ids = [str(touch.entry_id) for touch in page]
    found = StatutoryClock.objects.filter(period=PERIOD, subject_kind=UPDATE_SUBJECT, subject_id__in=ids)
    for clock in found.filter(started_on__lte=event.happened_on).select_related("organisation").order_by("id"):
        clocks[clock.subject_id] = clock
    days = calendar()
    return [
        TouchRow(touch, clock_view(clock, today, days=days) if clock else None)
        for touch, clock in ((touch, clocks.get(str(touch.entry_id))) for touch in page)
    ]


def update_clock(entry: Entry, today: date) -> ClockView | None:
    """Return the clock of 条例 17 that runs on an entry."""
    clock = (
        StatutoryClock.objects.filter(
            period=PERIOD, subject_kind=UPDATE_SUBJECT, subject_id=str(entry.id), state__in=OPEN
        )
        .select_related("organisation")
        .first()
    )
    return clock_view(clock, today) if clock else None


def days_left_to_ask(entry: Entry, today: date) -> int:
    """Return how many working days may still be asked for, 0 where nothing runs, waits or is left."""
    clock = StatutoryClock.objects.filter(
        period=PERIOD, subject_kind=UPDATE_SUBJECT, subject_id=str(entry.id), state__in=OPEN, due_on__gte=today
    ).first()
    if clock is None or UpdateExtension.objects.filter(clock=clock, consented=None).exists():
        return 0
    return cap_of(clock) - clock.extension


def extensions(actor: Actor) -> QuerySet[UpdateExtension]:
    """Return the requests for more time, the newest first: a department's own, the authority's division's."""
    require(actor, Permission.CATALOG_DRAFT_VIEW)
    rows = UpdateExtension.objects.select_related("entry__organisation", "clock", "asked_by", "decided_by")
    return rows.filter(_of(actor))


def extension(actor: Actor, extension_id: UUID | str) -> UpdateExtension:
    """Return one request for more time.

    Raises:
        NotFoundError: if there is none the actor may see.
    """
    found = extensions(actor).filter(id=as_uuid(extension_id)).first()
    if found is None:
        raise NotFoundError(what=str(extension_id))
    return found


def filings(actor: Actor) -> QuerySet[Filing]:
    """Return the filings, the newest first: a department's own, the authority's division's."""
    require(actor, Permission.CATALOG_DRAFT_VIEW)
    return Filing.objects.select_related("entry__organisation", "filed_by", "decided_by").filter(_of(actor))


def filing(actor: Actor, filing_id: UUID | str) -> Filing:
    """Return one filing.

    Raises:
        NotFoundError: if there is none the actor may see.
    """
    found = filings(actor).filter(id=as_uuid(filing_id)).first()
    if found is None:
        raise NotFoundError(what=str(filing_id))
    return found


def _of(actor: Actor) -> Q:
    if actor.role == Role.AUTHORITY:
        return Q(entry__organisation__division_code=actor.division_code)
    return Q(entry__organisation_id=actor.organisation_id or NOBODY)


def use_of(entry: Entry) -> Use:
    """Return who uses an entry the actor was given by this package's queries."""
    return Use(
        users=users_of(entry),
        grants=Grant.objects.filter(entry=entry, ended_at=None).count(),
        owed=Application.objects.filter(entry=entry, state__in=OWED).count(),
        filing=entry.filings.select_related("filed_by", "decided_by").first(),
    )
