"""The authority's decision: publish or return (条例 15 to 17)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from jutong.center.catalog.actions.submission import reason_findings, review_period
from jutong.center.catalog.changes import tell
from jutong.center.catalog.checks import other_names
from jutong.center.catalog.enums import ChangeKind, Event, VersionState
from jutong.center.catalog.errors import NameTakenError
from jutong.center.catalog.findings import refuse
from jutong.center.catalog.models import Entry, EntryVersion
from jutong.center.catalog.publication import ANNOUNCED, PUBLISHED_FIELDS, RENEWED, announce, show
from jutong.center.catalog.rules import transition
from jutong.center.catalog.steps import CLOCK_SUBJECT, note, open_step, require_other_hands
from jutong.center.catalog.tokens import same_name_key
from jutong.center.clocks import actions as clocks
from jutong.center.org.actor import Actor
from jutong.center.org.enums import Role
from jutong.center.org.models import Organisation
from jutong.center.sharing.models import Notice
from jutong.kernel.i18n import gettext_noop

RETURNED = gettext_noop("目录“{name}”被退回：{reason}")
"""The notice to the department whose entry was returned."""


@transaction.atomic
def publish(*, version: EntryVersion, by: Actor, now: datetime) -> EntryVersion:
    """Publish a submitted version, supersede the former one and announce it to all departments.

    Raises:
        NameTakenError: if another entry of the department took the name meanwhile.
        WriterDecidesError: if the reviewer wrote it or consented to it.
        NotFoundError: if it is another division's.
        StepNotAllowedError: if it is not under review.
        ForbiddenError: if ``by`` does not review.
    """
    locked, row = open_step(version, Event.PUBLISH, by)
    require_other_hands(locked, Event.PUBLISH, by)
    period = review_period(locked)
    organisation = Organisation.objects.select_for_update().get(id=locked.entry.organisation_id)
    entry = Entry.objects.select_for_update(of=("self",)).select_related("organisation").get(id=locked.entry_id)
    if same_name_key(locked.name) in {same_name_key(name) for name in other_names(organisation, but=entry)}:
        raise NameTakenError(name=locked.name)
    former = _supersede(entry)
    locked.state = row.next
    locked.decided_by_id, locked.decided_at, locked.published_at = by.user_id, now, now
    locked.save(update_fields=["state", "decided_by", "decided_at", "published_at"])
    show(entry, locked, locked.items.values_list("name", flat=True), now)
    entry.save(update_fields=PUBLISHED_FIELDS)
    clocks.stop(subject_kind=CLOCK_SUBJECT, subject_id=locked.id, period=period, by=by, now=now)
    sentence = ANNOUNCED if former is None else RENEWED
    words = {"organisation": organisation.name, "name": locked.name, "code": entry.code, "number": locked.number}
    announce(sentence, f"/catalog/{entry.code}", now, **words)
    note("publish", locked, by, now, supersedes=former)
    tell([entry], ChangeKind.PUBLISHED if former is None else ChangeKind.UPDATED, now)
    return locked


@transaction.atomic
def return_version(*, version: EntryVersion, reason: str, by: Actor, now: datetime) -> EntryVersion:
    """Return a submitted version with the reason, such as conditions the department made itself (条例 15).

    Raises:
        InvalidInputError: without a reason.
        WriterDecidesError: if the reviewer wrote it or consented to it.
        NotFoundError: if it is another division's.
        StepNotAllowedError: if it is not under review.
        ForbiddenError: if ``by`` does not review.
    """
    locked, row = open_step(version, Event.RETURN, by)
    require_other_hands(locked, Event.RETURN, by)
    refuse(reason_findings(reason))
    locked.state = row.next
    locked.return_reason = reason.strip()
    locked.decided_by_id, locked.decided_at = by.user_id, now
    locked.save(update_fields=["state", "return_reason", "decided_by", "decided_at"])
    clocks.stop(subject_kind=CLOCK_SUBJECT, subject_id=locked.id, period=review_period(locked), by=by, now=now)
    Notice.objects.create(
        organisation_id=locked.entry.organisation_id,
        role=Role.STEWARD,
        text=RETURNED,
        fields={"name": locked.name, "reason": locked.return_reason},
        link=f"/manage/entries/{locked.entry.code}/edit",
        at=now,
    )
    note("return", locked, by, now, reason=locked.return_reason)
    return locked


def _supersede(entry: Entry) -> int | None:
    """Put the published version aside and return its number, or None when there is none."""
    former = entry.versions.filter(state=VersionState.PUBLISHED).first()
    if former is None:
        return None
    former.state = transition(former.state, Event.SUPERSEDE, name=former.name).next
    former.save(update_fields=["state"])
    return former.number
