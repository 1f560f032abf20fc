"""The catalog's rules applied to what stands in the database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from uuid import UUID

from django.db.models import prefetch_related_objects

from jutong.center.catalog import template
from jutong.center.catalog.fields import EntryFields, ItemFields
from jutong.center.catalog.findings import Finding
from jutong.center.catalog.models import Entry, EntryVersion
from jutong.center.catalog.references import codes_named, existing, upstream
from jutong.center.catalog.rules import OPEN_STATES
from jutong.center.catalog.steps import written
from jutong.center.catalog.tokens import same_name_key
from jutong.center.catalog.validation import Surroundings, all_findings, content_findings, step_findings
from jutong.center.org.models import InformationSystem, Organisation
from jutong.kernel.clock import civil_date


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


def findings_of(version: EntryVersion, submitter_code: str, on: date | None = None) -> list[Finding]:
    """Return everything that stands between a version and its submission; see ``findings_of_many``."""
    return findings_of_many([version], submitter_code, on)[version.id]


def findings_of_many(
    versions: Sequence[EntryVersion], submitter_code: str, on: date | None = None
) -> dict[UUID, list[Finding]]:
    """Return what stands between each version and its submission, by its id; what they share is read once.

    Args:
        versions: to judge.
        submitter_code: credit code of the organisation that submits them.
        on: the day whose edition of the template they are judged by; the day the newest was begun where left out.
    """
    prefetch_related_objects(versions, "items", "assessments", "entry__organisation")
    day = on or max((civil_date(row.created_at) for row in versions), default=date.max)
    owners = {row.entry.organisation for row in versions}
    around = {owner.id: around_department(owner, on=day, submitter_code=submitter_code) for owner in owners}
    same_names = bearers(around)
    said = {version.id: written(version) for version in versions}
    known = existing({code for fields, items in said.values() for code in codes_named(fields, items)})
    chains = upstream({item.source_code for _, items in said.values() for item in items if item.source_code})
    found = {}
    for version in versions:
        owner = version.entry.organisation_id
        same = same_names[owner, same_name_key(version.name)]
        fields, items = said[version.id]
        here = replace(
            about(around[owner], fields, items, known=known, chains=chains),
            own_code=version.entry.code,
            other_names=frozenset(name for name, entry_id in same if entry_id != version.entry_id),
            assessed=frozenset(row.kind for row in version.assessments.all() if row.passed),
            consented=version.consented_at is not None,
        )
        found[version.id] = [*content_findings(fields, items, here), *step_findings(here)]
    return found


def findings_of_writing(
    organisation: Organisation,
    fields: EntryFields,
    items: Sequence[ItemFields],
    *,
    on: date,
    entry: Entry | None = None,
) -> list[Finding]:
    """Return what is wrong with what is being written, before it is stored anywhere.

    Args:
        organisation: whose entry it is or will be.
        fields: the entry's own fields.
        items: its items.
        on: the day whose edition of the template it is judged by.
        entry: the entry it belongs to, where it exists.
    """
    key = same_name_key(fields.name)
    same = bearers([organisation.id])[organisation.id, key]
    own_id = entry.id if entry else None
    here = about(
        around_department(organisation, on=on),
        fields,
        items,
        known=existing(codes_named(fields, items)),
        chains=upstream({item.source_code for item in items if item.source_code}),
    )
    others = frozenset(name for name, entry_id in same if entry_id != own_id)
    return all_findings(fields, items, replace(here, own_code=entry.code if entry else "", other_names=others))


def around_department(organisation: Organisation, *, on: date, submitter_code: str = "") -> Surroundings:
    """Return what the rules look at for every entry of a department, read once for as many as there are.

    Args:
        organisation: the department.
        on: the day whose edition of the template holds.
        submitter_code: credit code of whoever submits; the department itself where left out.
    """
    # Ownership builds on the catalog and asks it for entries, so it can only be named when it is needed.
    from jutong.center.ownership.sources import assigned_elsewhere  # noqa: PLC0415

    return Surroundings(
        organisation_code=organisation.code,
        submitter_code=submitter_code or organisation.code,
        system_names=system_names(organisation),
        assigned_elsewhere=assigned_elsewhere(organisation),
        edition=template.edition_in_force(on, organisation.division_code),
    )


def about(
    around: Surroundings,
    fields: EntryFields,
    items: Sequence[ItemFields],
    *,
    known: frozenset[str],
    chains: Mapping[str, frozenset[str]],
) -> Surroundings:
    """Return the department's surroundings with what concerns one entry: its references and the edition it names."""
    sources = {item.source_code for item in items if item.source_code}
    named, current = fields.template, around.template
    return replace(
        around,
        known_codes=known,
        upstream=frozenset().union(*(chains.get(code, frozenset()) for code in sources)),
        is_outdated=bool(named) and named not in {current.id, current.key},
        is_template_known=named in {"", current.id, current.key} or template.exists(named),
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
