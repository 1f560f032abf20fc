"""Taking over a catalog that was reviewed and published elsewhere, in bulk."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from django.db import transaction

from jutong.center.audit.actions import record
from jutong.center.catalog.changes import tell
from jutong.center.catalog.checks import about, around_department, other_names
from jutong.center.catalog.codes import allocate
from jutong.center.catalog.enums import ChangeKind, VersionState
from jutong.center.catalog.fields import EntryFields, ItemFields
from jutong.center.catalog.findings import Finding, refuse
from jutong.center.catalog.models import Entry, EntryVersion, Item
from jutong.center.catalog.publication import IMPORTED, announce, show
from jutong.center.catalog.references import codes_named, existing, upstream
from jutong.center.catalog.steps import items_for, write
from jutong.center.catalog.tokens import same_name_key
from jutong.center.catalog.validation import all_findings
from jutong.center.org.actor import Actor
from jutong.center.org.models import Organisation
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import require
from jutong.kernel.clock import civil_date

_BATCH = 500


@dataclass(frozen=True, slots=True)
class ImportRow:
    """One entry to take over."""

    fields: EntryFields
    items: Sequence[ItemFields]


@transaction.atomic
def import_published(*, organisation: Organisation, rows: Iterable[ImportRow], by: Actor, now: datetime) -> list[Entry]:
    """Take over published entries of one department, all or none, coded by their classification.

    Assessments and consent lie with the platform the entries come from; the content obeys the same rules as here.

    Raises:
        InvalidInputError: with every finding, its ``place`` beginning with the number of the row from 0.
        ForbiddenError: if ``by`` does not import.
    """
    require(by, Permission.CATALOG_ENTRY_IMPORT)
    wanted = list(rows)
    refuse(_findings(organisation, wanted, civil_date(now)))
    codes = _codes(wanted)
    entries, versions, items = [], [], []
    for row, code in zip(wanted, codes, strict=True):
        entry = Entry(code=code, organisation=organisation, created_at=now, updated_at=now)
        version = EntryVersion(
            entry=entry,
            number=1,
            state=VersionState.PUBLISHED,
            created_at=now,
            submitted_at=now,
            published_at=now,
            effective_from=civil_date(now),
        )
        write(version, row.fields)
        show(entry, version, [item.name for item in row.items], now)
        entries.append(entry)
        versions.append(version)
        items.extend(items_for(version, list(row.items)))
    # An entry names its version before that is there; the database looks at the end of the transaction.
    Entry.objects.bulk_create(entries, batch_size=_BATCH)
    EntryVersion.objects.bulk_create(versions, batch_size=_BATCH)
    Item.objects.bulk_create(items, batch_size=_BATCH)
    announce(IMPORTED, "/catalog", now, organisation=organisation.name, count=len(entries))
    _record(organisation, entries, by, now)
    tell(entries, ChangeKind.PUBLISHED, now)
    return entries


def _findings(organisation: Organisation, rows: Sequence[ImportRow], today: date) -> list[Finding]:
    around = around_department(organisation, on=today)
    known = existing({code for row in rows for code in codes_named(row.fields, row.items)})
    chains = upstream({item.source_code for row in rows for item in row.items if item.source_code})
    taken = {same_name_key(name): name for name in other_names(organisation)}
    found: list[Finding] = []
    for at, row in enumerate(rows):
        key = same_name_key(row.fields.name)
        here = about(around, row.fields, row.items, known=known, chains=chains)
        here = replace(here, other_names=frozenset({taken[key]} if key in taken else ()))
        problems = all_findings(row.fields, row.items, here)
        found.extend(replace(problem, place=f"{at}.{problem.place}") for problem in problems)
        taken.setdefault(key, row.fields.name)
    return found


def _codes(rows: Sequence[ImportRow]) -> list[str]:
    """Return a code per row; counters are locked in one order, so that two imports cannot block each other."""
    counts: defaultdict[str, int] = defaultdict(int)
    for row in rows:
        counts[row.fields.classification] += 1
    given = {name: iter(allocate(name, counts[name])) for name in sorted(counts)}
    return [next(given[row.fields.classification]) for row in rows]


def _record(organisation: Organisation, entries: Sequence[Entry], by: Actor, now: datetime) -> None:
    record(
        event="catalog:entry:import",
        by=by,
        now=now,
        subject_kind="organisation",
        subject_id=organisation.code,
        subject_label=organisation.name,
        count=len(entries),
        codes=[entry.code for entry in entries],
    )
