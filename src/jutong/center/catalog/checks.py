"""The catalog's rules applied to what stands in the database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from django.db.models import prefetch_related_objects

from jutong.center.catalog.findings import Finding
from jutong.center.catalog.models import Entry, EntryVersion
from jutong.center.catalog.rules import OPEN_STATES
from jutong.center.catalog.steps import written
from jutong.center.catalog.tokens import same_name_key
from jutong.center.catalog.validation import Surroundings, content_findings, step_findings
from jutong.center.org.models import InformationSystem, Organisation


def other_names(organisation: Organisation, *, but: Entry | None = None) -> frozenset[str]:
    """Return the names of a department's entries, published or in the making, except one."""
    published = Entry.objects.filter(organisation=organisation, published__isnull=False)
    making = EntryVersion.objects.filter(entry__organisation=organisation, state__in=OPEN_STATES)
    if but is not None:
        published, making = published.exclude(id=but.id), making.exclude(entry=but)
    names = {*published.values_list("published_name", flat=True), *making.values_list("name", flat=True)}
    return frozenset(names)


def system_names(organisation: Organisation) -> frozenset[str]:
    """Return the names of a department's information systems in use."""
    systems = InformationSystem.objects.filter(organisation=organisation, closed_at=None)
    return frozenset(systems.values_list("name", flat=True))


def findings_of(version: EntryVersion, submitter_code: str) -> list[Finding]:
    """Return everything that stands between a version and its submission."""
    return findings_of_many([version], submitter_code)[version.id]


def findings_of_many(versions: Sequence[EntryVersion], submitter_code: str) -> dict[UUID, list[Finding]]:
    """Return what stands between each version and its submission, by its id; what they share is read once."""
    prefetch_related_objects(versions, "items", "assessments", "entry__organisation")
    around = {owner.id: _around(owner, submitter_code) for owner in {row.entry.organisation for row in versions}}
    same_names = bearers(around)
    found = {}
    for version in versions:
        owner = version.entry.organisation_id
        same = same_names[owner, same_name_key(version.name)]
        here = replace(
            around[owner],
            other_names=frozenset(name for name, entry_id in same if entry_id != version.entry_id),
            assessed=frozenset(row.kind for row in version.assessments.all() if row.passed),
            consented=version.consented_at is not None,
        )
        found[version.id] = [*content_findings(*written(version), here), *step_findings(here)]
    return found


def _around(organisation: Organisation, submitter_code: str) -> Surroundings:
    """Return what the rules look at for every entry of a department."""
    return Surroundings(
        organisation_code=organisation.code,
        submitter_code=submitter_code,
        system_names=system_names(organisation),
    )


def bearers(owners: Iterable[UUID]) -> Mapping[tuple[UUID, str], set[tuple[str, UUID]]]:
    """Return the names of the departments' entries, published or in the making, by what makes two of them the same.

    A rule gets only the names it would find equal, so that a thousand drafts are not each compared with all others.
    """
    wanted = list(owners)
    published = Entry.objects.filter(organisation_id__in=wanted, published__isnull=False)
    making = EntryVersion.objects.filter(entry__organisation_id__in=wanted, state__in=OPEN_STATES)
    found: defaultdict[tuple[UUID, str], set[tuple[str, UUID]]] = defaultdict(set)
    rows = (
        *published.values_list("organisation_id", "published_name", "id"),
        *making.values_list("entry__organisation_id", "name", "entry_id"),
    )
    for owner, name, entry_id in rows:
        found[owner, same_name_key(name)].add((name, entry_id))
    return found
