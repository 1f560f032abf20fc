"""What the catalogue looks like from outside."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pydantic import Field

from jutong.api.shapes.common import ClockOut, OrganisationRef, clock_out, organisation_ref, person
from jutong.api.types import Out
from jutong.center.catalog.enums import FieldMode, Grade, ShareAttribute, UpdateCycle, VersionState
from jutong.center.catalog.findings import Finding
from jutong.center.catalog.health import explain as explain_health
from jutong.center.catalog.models import Assessment, Binding, Entry, EntryVersion, Item
from jutong.center.catalog.queries import EntryRow, SearchHit, SearchPage, VersionTask, open_binding


class HitOut(Out):
    """One entry of a search."""

    code: str
    name: str
    summary: str
    organisation_code: str
    organisation_name: str
    share_attribute: str
    share_attribute_label: str
    update_cycle_label: str
    grade_label: str
    domain: str
    is_bound: bool
    use_count: int
    item_count: int
    items: list[str]
    matched_items: list[str]
    published_at: datetime | None


class FacetOut(Out):
    """One value of a facet with how many entries have it."""

    value: str
    label: str
    count: int
    capped: bool
    selected: bool


class SearchOut(Out):
    """A page of entries. ``total`` is not counted past 10000, and ``capped`` says so."""

    rows: list[HitOut]
    next: str
    total: int
    capped: bool
    facets: dict[str, list[FacetOut]]


class ItemOut(Out):
    """信息项: one field of an entry."""

    id: str
    name: str
    data_type: str
    length: int | None
    column: str
    is_key: bool
    is_personal: bool
    is_sensitive: bool
    grade: str
    grade_label: str
    widest_mode: str
    widest_mode_label: str
    mask: str
    note: str
    english_name: str
    element: str
    code_table: str
    source_code: str
    share_attribute: str
    is_open: bool


class AssessmentOut(Out):
    """One of the two assessments of 条例 13."""

    kind: str
    passed: bool
    conclusion: str
    assessed_by: str
    assessed_on: date


class VersionOut(Out):
    """What an entry says in one version."""

    id: str
    number: int
    state: str
    state_label: str
    name: str
    classification: str
    summary: str
    domain: str
    data_format: str
    update_cycle: str
    update_cycle_label: str
    share_attribute: str
    share_attribute_label: str
    share_way: str
    share_scope: str
    share_purpose: str
    use_conditions: str
    refusal_reason: str
    basis_kind: str
    basis_title: str
    basis_article: str
    grade: str
    grade_label: str
    is_open: bool
    not_secret: bool
    origin: str
    format_type: str
    share_channel: str
    open_condition: str
    related_codes: list[str]
    extra_classes: list[str]
    extensions: dict[str, Any]
    template: str
    kind: str
    change_note: str
    effective_from: date | None
    trigger: str
    created_by: str
    created_at: datetime
    consented_by: str
    consented_at: datetime | None
    submitted_at: datetime | None
    decided_by: str
    decided_at: datetime | None
    return_code: str
    return_reason: str
    published_at: datetime | None
    items: list[ItemOut]
    assessments: list[AssessmentOut]


class BindingOut(Out):
    """挂接: what really stands behind an entry, and what the node's last check found.

    ``place`` is empty for a table, ``rows`` null where no check could tell, ``problems`` in the caller's language.
    """

    kind: str
    source: str
    schema_name: str
    table: str
    columns: dict[str, str]
    row_estimate: int
    place: dict[str, str]
    fresh_column: str
    health: str
    problems: list[str]
    rows: int | None
    newest_at: datetime | None
    checked_at: datetime | None
    bound_at: datetime


class EntryOut(Out):
    """A published entry."""

    code: str
    organisation: OrganisationRef
    is_bound: bool
    use_count: int
    further_codes: list[str]
    quality: int | None
    version: VersionOut | None


class OwnEntryOut(EntryOut):
    """An entry as its own department sees it: the table behind it, and every version."""

    binding: BindingOut | None
    versions: list[VersionOut]


class EntryRowOut(Out):
    """One line of the department's own list."""

    code: str
    name: str
    is_bound: bool
    published_number: int | None
    open_number: int | None
    open_state: str
    clock: ClockOut | None


class VersionTaskOut(Out):
    """A version that waits for the authority."""

    code: str
    organisation: OrganisationRef
    version: VersionOut
    clock: ClockOut | None


class FindingOut(Out):
    """What stands between a draft and its submission."""

    rule: str
    place: str
    field: str
    clause: str
    message: str
    way_out: str
    found: str
    severity: str = Field(description="error, warning")


def finding_out(row: Finding) -> FindingOut:
    """Return a finding as answers show it, in the caller's language."""
    told = row.as_row()
    return FindingOut(**{name: told[name] for name in FindingOut.model_fields})


def search_out(page: SearchPage, following: str) -> SearchOut:
    """Return a search as answers show it."""
    facets = {
        name: [
            FacetOut(value=row.value, label=str(row.label), count=row.count, capped=row.capped, selected=row.selected)
            for row in rows
        ]
        for name, rows in page.facets.items()
    }
    rows = [_hit(row) for row in page.results]
    return SearchOut(rows=rows, next=following, total=page.total, capped=page.capped, facets=facets)


def _hit(row: SearchHit) -> HitOut:
    return HitOut(
        code=row.code,
        name=row.name,
        summary=row.summary,
        organisation_code=row.organisation_code,
        organisation_name=row.organisation_name,
        share_attribute=row.share_attribute,
        share_attribute_label=str(row.share_attribute_label),
        update_cycle_label=str(row.update_cycle_label),
        grade_label=str(row.grade_label),
        domain=row.domain,
        is_bound=row.is_bound,
        use_count=row.use_count,
        item_count=row.item_count,
        items=list(row.items),
        matched_items=list(row.matched_items),
        published_at=row.published_at,
    )


def _label(kind: Any, value: str) -> str:
    return str(kind(value).label) if value else ""


def item_out(row: Item) -> ItemOut:
    """Return an item as answers show it."""
    return ItemOut(
        id=str(row.id),
        name=row.name,
        data_type=row.data_type,
        length=row.length,
        column=row.column,
        is_key=row.is_key,
        is_personal=row.is_personal,
        is_sensitive=row.is_sensitive,
        grade=row.grade,
        grade_label=_label(Grade, row.grade),
        widest_mode=row.widest_mode,
        widest_mode_label=_label(FieldMode, row.widest_mode),
        mask=row.mask,
        note=row.note,
        english_name=row.english_name,
        element=row.element,
        code_table=row.code_table,
        source_code=row.source_code,
        share_attribute=row.share_attribute,
        is_open=row.is_open,
    )


_AS_WRITTEN = (
    "number", "state", "name", "classification", "summary", "domain", "data_format", "update_cycle",
    "share_attribute", "share_way", "share_scope", "share_purpose", "use_conditions", "refusal_reason", "basis_kind",
    "basis_title", "basis_article", "grade", "is_open", "not_secret", "origin", "format_type",
    "share_channel", "open_condition", "related_codes", "extra_classes", "extensions", "template", "kind",
    "change_note", "effective_from", "trigger", "created_at", "consented_at", "submitted_at", "decided_at",
    "return_code", "return_reason", "published_at",
)  # fmt: skip


def version_out(row: EntryVersion) -> VersionOut:
    """Return a version as answers show it."""
    return VersionOut(
        id=str(row.id),
        state_label=_label(VersionState, row.state),
        update_cycle_label=_label(UpdateCycle, row.update_cycle),
        share_attribute_label=_label(ShareAttribute, row.share_attribute),
        grade_label=_label(Grade, row.grade),
        created_by=person(row.created_by),
        consented_by=person(row.consented_by),
        decided_by=person(row.decided_by),
        items=[item_out(item) for item in row.items.all()],
        assessments=[_assessment(found) for found in row.assessments.all()],
        **{name: getattr(row, name) for name in _AS_WRITTEN},
    )


def _assessment(row: Assessment) -> AssessmentOut:
    return AssessmentOut(
        kind=row.kind,
        passed=row.passed,
        conclusion=row.conclusion,
        assessed_by=row.assessed_by,
        assessed_on=row.assessed_on,
    )


def binding_out(row: Binding) -> BindingOut:
    """Return a binding as answers show it."""
    return BindingOut(
        kind=row.kind,
        source=row.source,
        schema_name=row.schema_name,
        table=row.table,
        columns=row.columns,
        row_estimate=row.row_estimate,
        place=row.place,
        fresh_column=row.fresh_column,
        health=row.health,
        problems=explain_health(row.problems),
        rows=row.rows,
        newest_at=row.newest_at,
        checked_at=row.checked_at,
        bound_at=row.bound_at,
    )


def entry_out(row: Entry) -> EntryOut:
    """Return an entry as answers show it."""
    return EntryOut(
        code=row.code,
        organisation=organisation_ref(row.organisation),
        is_bound=row.is_bound,
        use_count=row.use_count,
        further_codes=_further(row),
        quality=row.quality,
        version=version_out(row.published) if row.published else None,
    )


def _further(row: Entry) -> list[str]:
    """Return the codes of the further classes its published version names."""
    named = row.published.extra_classes if row.published else []
    return [found.code for found in row.classes.all() if found.classification in named] if named else []


def own_entry_out(row: Entry) -> OwnEntryOut:
    """Return an own entry as answers show it."""
    bound = open_binding(row)
    return OwnEntryOut(
        **dict(entry_out(row)),
        binding=binding_out(bound) if bound else None,
        versions=[version_out(version) for version in row.versions.all()],
    )


def entry_row_out(row: EntryRow) -> EntryRowOut:
    """Return an entry row as answers show it."""
    made = row.open_version
    return EntryRowOut(
        code=row.entry.code,
        name=made.name if made else row.entry.published_name,
        is_bound=row.entry.is_bound,
        published_number=row.entry.published.number if row.entry.published else None,
        open_number=made.number if made else None,
        open_state=made.state if made else "",
        clock=clock_out(row.clock),
    )


def version_task_out(row: VersionTask) -> VersionTaskOut:
    """Return a version task as answers show it."""
    entry = row.version.entry
    return VersionTaskOut(
        code=entry.code,
        organisation=organisation_ref(entry.organisation),
        version=version_out(row.version),
        clock=clock_out(row.clock),
    )
