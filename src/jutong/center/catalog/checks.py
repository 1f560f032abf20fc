"""The catalog's rules applied to what stands in the database."""

from __future__ import annotations

from jutong.center.catalog.findings import Finding
from jutong.center.catalog.models import Entry, EntryVersion
from jutong.center.catalog.rules import OPEN_STATES
from jutong.center.catalog.steps import written
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
    organisation = version.entry.organisation
    around = Surroundings(
        organisation_code=organisation.code,
        submitter_code=submitter_code,
        system_names=system_names(organisation),
        other_names=other_names(organisation, but=version.entry),
        assessed=frozenset(version.assessments.filter(passed=True).values_list("kind", flat=True)),
        consented=version.consented_at is not None,
    )
    return [*content_findings(*written(version), around), *step_findings(around)]
