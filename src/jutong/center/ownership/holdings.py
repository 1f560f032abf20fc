"""Who holds what: the items of published entries by what they are about, kept up by following the change feed.

Everything here can be made anew from the catalog at any time; only designations and what people wrote cannot.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Exists, OuterRef

from jutong.center.catalog.changes import newest
from jutong.center.catalog.enums import ChangeKind, ShareAttribute
from jutong.center.catalog.models import Entry, EntryChange, Item
from jutong.center.catalog.tokens import normalise, tokens
from jutong.center.org.enums import Role
from jutong.center.org.models import Organisation
from jutong.center.ownership.elements import basis, elements_of
from jutong.center.ownership.meaning import shown_name, subject_key
from jutong.center.ownership.models import FeedPosition, Holding, ItemSubject, SourceDesignation
from jutong.center.sharing.models import Notice
from jutong.kernel.i18n import gettext_noop

FOLLOWER = "holdings"
LIMIT = 2000
"""Lines of the feed that are followed in one transaction."""
_BATCH = 1000
_CONTENT = (ChangeKind.PUBLISHED, ChangeKind.UPDATED, ChangeKind.REMOVED)
OVERLAP = gettext_noop("新发现{count}个信息项由两个以上部门发布，请指定数源部门。")
"""The notice by which the authority is asked to designate (条例 19(2))."""


@transaction.atomic
def follow(now: datetime, limit: int = LIMIT) -> int:
    """Bring the holdings up to the change feed and tell authorities of new overlaps. Returns how many lines.

    The first time, and after ``forget``, everything that is published is read.
    """
    FeedPosition.objects.bulk_create([FeedPosition(name=FOLLOWER, sequence=-1)], ignore_conflicts=True)
    position = FeedPosition.objects.select_for_update().get(name=FOLLOWER)
    if position.sequence < 0:
        position.sequence, position.basis = newest(), basis()
        wanted = list(Entry.objects.filter(published__isnull=False).values_list("id", flat=True))
        count = len(wanted)
    else:
        lines = EntryChange.objects.filter(sequence__gt=position.sequence).order_by("sequence")[:limit]
        rows = list(lines.values_list("sequence", "entry_id", "kind"))
        wanted = list(dict.fromkeys(entry for _, entry, kind in rows if kind in _CONTENT))
        position.sequence = rows[-1][0] if rows else position.sequence
        count = len(rows)
    for at in range(0, len(wanted), _BATCH):
        _refresh(wanted[at : at + _BATCH], now)
    position.save(update_fields=["sequence", "basis"])
    return count


@transaction.atomic
def reread(now: datetime) -> int:
    """Read everything anew if words or data elements have changed since, which change what is the same.

    Returns how many entries were read.
    """
    position = FeedPosition.objects.filter(name=FOLLOWER).first()
    if position is not None and position.basis == basis():
        return 0
    forget()
    return follow(now)


@transaction.atomic
def forget() -> None:
    """Let the next ``follow`` read everything anew."""
    FeedPosition.objects.update_or_create(name=FOLLOWER, defaults={"sequence": -1})


def _refresh(entry_ids: Sequence[UUID], now: datetime) -> None:
    """Write the holdings of some entries anew and count the subjects they touched."""
    gone = Holding.objects.filter(entry_id__in=entry_ids)
    touched = set(gone.values_list("subject_id", flat=True))
    gone.delete()
    found = _held(entry_ids)
    subjects = _subjects({(row.division, row.key): row for row in found}.values())
    made = {}
    for row in found:
        subject = subjects[row.division, row.key]
        touched.add(subject)
        made[row.item.version_id, row.item.name] = Holding(
            subject_id=subject, entry_id=row.entry.id, organisation_id=row.entry.organisation_id,
            item_name=row.item.name, is_key=row.item.is_key, is_shared=row.shared,
        )  # fmt: skip
    Holding.objects.bulk_create(made.values(), batch_size=_BATCH)
    _count(touched, now)


class _Held:
    """An item of a published entry with what it is about."""

    __slots__ = ("division", "element", "entry", "item", "key", "shared")

    def __init__(self, entry: Entry, item: Item, element: str) -> None:
        self.entry, self.item, self.element = entry, item, element
        self.key = subject_key(item.name, element=element, entry_name=entry.published_name)
        self.division = entry.organisation.division_code
        self.shared = ShareAttribute.NONE not in {entry.share_attribute, item.share_attribute}


def _held(entry_ids: Sequence[UUID]) -> list[_Held]:
    entries = (
        Entry.objects.filter(id__in=entry_ids, published__isnull=False)
        .select_related("organisation", "published")
        .prefetch_related("published__items")
    )
    pairs = [(entry, item) for entry in entries if entry.published for item in entry.published.items.all()]
    known = elements_of(item.name for _, item in pairs if not item.element)
    found = (_Held(entry, item, item.element or known.get(item.name, "")) for entry, item in pairs)
    return [row for row in found if row.key]


def _subjects(rows: Iterable[_Held]) -> dict[tuple[str, str], UUID]:
    """Return the ids of subjects by division and key, making those that are not there yet, in one order."""
    wanted = sorted(rows, key=lambda row: (row.division, row.key))
    known = _known(wanted)
    missing = [row for row in wanted if (row.division, row.key) not in known]
    ItemSubject.objects.bulk_create(
        [
            ItemSubject(
                division_code=row.division, key=row.key, name=shown_name(row.item.name), element=row.element,
                tokens=tokens(normalise(shown_name(row.item.name))),
            )
            for row in missing
        ],
        batch_size=_BATCH,
        ignore_conflicts=True,
    )  # fmt: skip
    return known | _known(missing) if missing else known


def _known(wanted: Sequence[_Held]) -> dict[tuple[str, str], UUID]:
    found = ItemSubject.objects.filter(
        division_code__in={row.division for row in wanted}, key__in=[row.key for row in wanted]
    )
    return {(row.division_code, row.key): row.id for row in found.only("id", "division_code", "key")}


def _count(subject_ids: Iterable[UUID], now: datetime) -> None:
    """Count who holds what, drop what nobody holds, tell authorities of subjects that got a second holder."""
    counted = list(
        ItemSubject.objects.filter(id__in=list(subject_ids)).annotate(
            organisations_now=Count("holdings__organisation", distinct=True),
            entries_now=Count("holdings__entry", distinct=True),
            is_decided=Exists(SourceDesignation.objects.filter(subject=OuterRef("pk"))),
        )
    )
    fresh: dict[str, int] = {}
    changed = []
    for row in counted:
        if row.organisations_now > 1 >= row.organisation_count and not row.is_decided:
            fresh[row.division_code] = fresh.get(row.division_code, 0) + 1
        now_and_then = (row.organisations_now, row.entries_now), (row.organisation_count, row.entry_count)
        if now_and_then[0] != now_and_then[1] and (row.entries_now or row.is_decided):
            row.organisation_count, row.entry_count = now_and_then[0]
            changed.append(row)
    gone = [row.id for row in counted if not row.entries_now and not row.is_decided]
    ItemSubject.objects.filter(id__in=gone).delete()
    _write_counts(changed)
    _ask(fresh, now)


def _write_counts(rows: Sequence[ItemSubject]) -> None:
    """Write the counts in one statement per batch; as updates by condition they would take most of a refresh."""
    ItemSubject.objects.bulk_create(
        rows,
        batch_size=_BATCH,
        update_conflicts=True,
        unique_fields=["division_code", "key"],
        update_fields=["organisation_count", "entry_count"],
    )


def _ask(fresh: dict[str, int], now: datetime) -> None:
    authorities = Organisation.objects.filter(division_code__in=list(fresh), is_authority=True, closed_at=None)
    Notice.objects.bulk_create(
        Notice(
            organisation=authority, role=Role.AUTHORITY, text=OVERLAP, fields={"count": fresh[authority.division_code]},
            link="/ownership?state=open", at=now,
        )
        for authority in authorities
    )  # fmt: skip
