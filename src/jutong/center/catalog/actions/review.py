"""The authority's decision: publish, take down or return (条例 15 to 17, 27); one by one or many at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import prefetch_related_objects
from django.utils.translation import gettext

from jutong.center.catalog.actions.many import Judge, Outcome, Row, for_each
from jutong.center.catalog.actions.submission import LONGEST_REASON, by_period, reason_findings, save
from jutong.center.catalog.actions.taking_down import end_service, require_unused
from jutong.center.catalog.changes import tell
from jutong.center.catalog.checks import bearers
from jutong.center.catalog.codes import allocate_further
from jutong.center.catalog.enums import ChangeKind, Event, VersionKind, VersionState
from jutong.center.catalog.errors import NameTakenError
from jutong.center.catalog.findings import ENTRY_CLAUSE, Finding, refuse
from jutong.center.catalog.models import Entry, EntryVersion
from jutong.center.catalog.publication import (
    ANNOUNCED,
    HIDDEN_FIELDS,
    IMPORTED,
    PUBLISHED_FIELDS,
    REMOVED,
    RENEWED,
    announce,
    hide,
    show,
)
from jutong.center.catalog.rules import transition
from jutong.center.catalog.service_gate import entries_in_use, require_same_shape
from jutong.center.catalog.steps import CLOCK_SUBJECT, deciding_event, note, open_step, require_other_hands
from jutong.center.catalog.tokens import same_name_key
from jutong.center.clocks import many as clocks
from jutong.center.org.actor import Actor
from jutong.center.org.enums import Role
from jutong.center.org.models import Organisation
from jutong.center.process import moments
from jutong.center.process.moments import Moment
from jutong.center.sharing.models import Notice
from jutong.kernel.clock import civil_date
from jutong.kernel.i18n import gettext_noop
from jutong.standards.return_reasons import OTHER, return_reasons

RETURNED = gettext_noop("目录“{name}”被退回：{reason}")
RETURNED_MANY = gettext_noop("{count}条目录被退回：{reason}")
"""The notices to the department whose entries were returned."""


@transaction.atomic
def publish(*, version: EntryVersion, by: Actor, now: datetime) -> EntryVersion:
    """Let a submitted version through: publish it, or where it asks for that take its entry down.

    A former version is superseded and all departments are told.

    Raises:
        NameTakenError: if another entry of the department took the name meanwhile.
        EntryInUseError: if grants run on an entry to take down and no filing was accepted (条例 27(3)).
        ServiceInUseError: if it drops or turns what running grants cover and no change was accepted.
        RepliesOwedError: if applications for an entry to take down wait for their reply.
        WriterDecidesError: if the reviewer wrote it or consented to it.
        NotFoundError: if it is another division's.
        StepNotAllowedError: if it is not under review.
        ForbiddenError: if ``by`` does not review.
    """
    locked, row = open_step(version, deciding_event(version), by)
    _may_publish([locked], by, now)(locked)
    _let_through([(locked, row)], by, now)
    return locked


def publish_many(*, ids: Iterable[UUID], by: Actor, now: datetime) -> list[Outcome]:
    """Let every version through that may be, as ``publish`` does one; each department's are announced together.

    Raises:
        ForbiddenError: if ``by`` does not review.
    """
    return for_each(
        ids,
        Event.PUBLISH,
        by,
        prepare=lambda versions: _may_publish(versions, by, now),
        apply=lambda rows: _let_through(rows, by, now),
    )


def _may_publish(versions: Sequence[EntryVersion], by: Actor, now: datetime) -> Judge:
    """Lock the departments, so that no name is taken between judging and writing."""
    owners = {row.entry.organisation_id for row in versions}
    list(Organisation.objects.select_for_update().filter(id__in=owners).order_by("id").values_list("id"))
    taken = bearers(owners)
    used = entries_in_use(row.entry_id for row in versions)

    def judge(version: EntryVersion) -> None:
        require_other_hands(version, deciding_event(version), by)
        if version.kind == VersionKind.REMOVAL:
            require_unused(version.entry)
        elif any(entry_id != version.entry_id for _, entry_id in taken[_key(version)]):
            raise NameTakenError(name=version.name)
        elif version.entry_id in used:
            require_same_shape(version, by, now)

    return judge


def _key(version: EntryVersion) -> tuple[UUID, str]:
    return version.entry.organisation_id, same_name_key(version.name)


def _let_through(rows: Sequence[Row], by: Actor, now: datetime) -> None:
    """Write publications together and removals each; the feed is told last."""
    downs = [row for row in rows if row[0].kind == VersionKind.REMOVAL]
    ups = [row for row in rows if row[0].kind != VersionKind.REMOVAL]
    fresh, renewed = _put_up(ups, by, now) if ups else ([], [])
    removed = [_take_down(row, by, now) for row in downs]
    tell(fresh, ChangeKind.PUBLISHED, now)
    tell(renewed, ChangeKind.UPDATED, now)
    tell(removed, ChangeKind.REMOVED, now)


def _put_up(rows: Sequence[Row], by: Actor, now: datetime) -> tuple[list[Entry], list[Entry]]:
    """Publish versions. Returns the entries that are new and those that were renewed."""
    versions = [version for version, _ in rows]
    prefetch_related_objects(versions, "items")
    _stop_clocks(versions, by, now)
    former = _supersede([version.entry for version in versions])
    for version, row in rows:
        version.state = row.next
        version.decided_by_id, version.decided_at, version.published_at = by.user_id, now, now
        version.effective_from = version.effective_from or civil_date(now)
    save(rows, "state", "decided_by", "decided_at", "published_at", "effective_from")
    entries = _show(versions, now)
    _announce(versions, former, now)
    note("publish", versions, by, now, each={row.id: {"supersedes": former.get(row.entry_id)} for row in versions})
    for entry in entries:
        moments.tell(Moment.ENTRY_PUBLISHED, entry, by=by, now=now)
    fresh = [entry for entry in entries if entry.id not in former]
    return fresh, [entry for entry in entries if entry.id in former]


def _show(versions: Sequence[EntryVersion], now: datetime) -> list[Entry]:
    ids = [version.entry_id for version in versions]
    locked = Entry.objects.select_for_update(of=("self",)).select_related("organisation").filter(id__in=ids)
    entries = {entry.id: entry for entry in locked.order_by("id")}
    for version in versions:
        entry = entries[version.entry_id]
        if version.extra_classes:
            allocate_further(entry, version)
        show(entry, version, [item.name for item in version.items.all()], now)
        entry.removed_at = None
    found = list(entries.values())
    # an upsert by id: one statement of values where bulk_update would write a CASE per field and row
    Entry.objects.bulk_create(
        found, update_conflicts=True, unique_fields=["id"], update_fields=[*PUBLISHED_FIELDS, "removed_at"]
    )
    return found


def _supersede(entries: Iterable[Entry]) -> dict[UUID, int]:
    """Put the published versions of entries aside. Returns their numbers by the entry's id."""
    former = list(EntryVersion.objects.filter(entry__in=entries, state=VersionState.PUBLISHED))
    for version in former:
        version.state = transition(version.state, Event.SUPERSEDE, name=version.name).next
    aside = [version.id for version in former]
    EntryVersion.objects.filter(id__in=aside).update(state=VersionState.SUPERSEDED)
    return {version.entry_id: version.number for version in former}


def _announce(versions: Sequence[EntryVersion], former: Mapping[UUID, int], now: datetime) -> None:
    """Tell all departments: one entry by its name, several of one department by their count."""
    groups: defaultdict[UUID, list[EntryVersion]] = defaultdict(list)
    for version in versions:
        groups[version.entry.organisation_id].append(version)
    for group in groups.values():
        first = group[0]
        words: dict[str, object] = {"organisation": first.entry.organisation.name}
        if len(group) > 1:
            announce(IMPORTED, "/catalog", now, **words, count=len(group))
            continue
        sentence = RENEWED if first.entry_id in former else ANNOUNCED
        words |= {"name": first.name, "code": first.entry.code, "number": first.number}
        announce(sentence, f"/catalog/{first.entry.code}", now, **words)


def _take_down(row: Row, by: Actor, now: datetime) -> Entry:
    version, step = row
    _stop_clocks([version], by, now)
    former = _supersede([version.entry])
    version.state = step.next
    version.decided_by_id, version.decided_at = by.user_id, now
    version.effective_from = version.effective_from or civil_date(now)
    save([row], "state", "decided_by", "decided_at", "effective_from")
    entry = Entry.objects.select_for_update(of=("self",)).select_related("organisation").get(id=version.entry_id)
    ended = end_service(entry, by, now)
    hide(entry, now)
    entry.save(update_fields=HIDDEN_FIELDS)
    announce(
        REMOVED, f"/catalog/{entry.code}/versions", now, organisation=entry.organisation.name, name=version.name,
        code=entry.code, reason=version.change_note,
    )  # fmt: skip
    note("remove", version, by, now, supersedes=former.get(entry.id), grants_ended=ended)
    return entry


def _stop_clocks(versions: Sequence[EntryVersion], by: Actor, now: datetime) -> None:
    for period, group in by_period(versions).items():
        ids = [version.id for version in group]
        clocks.stop_all(period=period, subject_kind=CLOCK_SUBJECT, subject_ids=ids, by=by, now=now)


@transaction.atomic
def return_version(
    *, version: EntryVersion, reason: str = "", code: str = OTHER, by: Actor, now: datetime
) -> EntryVersion:
    """Return a submitted version with a coded reason, such as conditions the department made itself (条例 15).

    Raises:
        InvalidInputError: for an unknown code, or without the words a code asks for.
        WriterDecidesError: if the reviewer wrote it or consented to it.
        NotFoundError: if it is another division's.
        StepNotAllowedError: if it is not under review.
        ForbiddenError: if ``by`` does not review.
    """
    locked, row = open_step(version, Event.RETURN, by)
    require_other_hands(locked, Event.RETURN, by)
    refuse(coded_findings(code, reason))
    _returned([(locked, row)], code, reason.strip(), by, now)
    return locked


def return_many(*, ids: Iterable[UUID], reason: str = "", code: str = OTHER, by: Actor, now: datetime) -> list[Outcome]:
    """Return every version that is under review, with one reason for all.

    Raises:
        InvalidInputError: for an unknown code, or without the words a code asks for.
        ForbiddenError: if ``by`` does not review.
    """
    refuse(coded_findings(code, reason))
    return for_each(
        ids,
        Event.RETURN,
        by,
        prepare=lambda _: lambda version: require_other_hands(version, Event.RETURN, by),
        apply=lambda rows: _returned(rows, code, reason.strip(), by, now),
    )


def coded_findings(code: str, reason: str) -> list[Finding]:
    """Return what is wrong with a coded reason; words are optional where the code says enough."""
    known = return_reasons().get(code)
    if known is None:
        message, way_out = gettext("不在允许的取值之内"), gettext("请从退回理由中选择")
        return [Finding("VC-00", "code", gettext("退回理由"), ENTRY_CLAUSE, message, way_out, code[:32])]
    if known.needs_text or len(reason) > LONGEST_REASON:
        return reason_findings(reason)
    return []


def _returned(rows: Sequence[Row], code: str, reason: str, by: Actor, now: datetime) -> None:
    text = reason or return_reasons()[code].name
    for version, row in rows:
        version.state, version.return_code, version.return_reason = row.next, code, text
        version.decided_by_id, version.decided_at = by.user_id, now
    save(rows, "state", "return_code", "return_reason", "decided_by", "decided_at")
    versions = [version for version, _ in rows]
    _stop_clocks(versions, by, now)
    _tell_owners(versions, text, now)
    note("return", versions, by, now, code=code, reason=text)


def _tell_owners(versions: Sequence[EntryVersion], reason: str, now: datetime) -> None:
    groups: defaultdict[UUID, list[EntryVersion]] = defaultdict(list)
    for version in versions:
        groups[version.entry.organisation_id].append(version)
    for organisation_id, group in groups.items():
        first, several = group[0], len(group) > 1
        words = {"count": str(len(group))} if several else {"name": first.name}
        Notice.objects.create(
            organisation_id=organisation_id,
            role=Role.STEWARD,
            text=RETURNED_MANY if several else RETURNED,
            fields={**words, "reason": reason},
            link="/manage/entries" if several else f"/manage/entries/{first.entry.code}/edit",
            at=now,
        )
