"""Proposing entries from a connected database: from what its node listed at once, finer when samples were counted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext

from jutong.center.catalog.enums import DataFormat
from jutong.center.catalog.fields import EntryFields
from jutong.center.fleet.actions import order_profile
from jutong.center.fleet.models import Source
from jutong.center.intake.actions.checking import judge_again
from jutong.center.intake.actions.receiving import note, read_defaults
from jutong.center.intake.actions.storing import SETTLED, bare, judged, proposal_of, recount, save_new, take_names
from jutong.center.intake.columns import ITEMS
from jutong.center.intake.describing.table import ColumnCounts, Described, Element, Matcher, described
from jutong.center.intake.enums import BatchKind, BatchState
from jutong.center.intake.errors import TablesUnknownError
from jutong.center.intake.models import Batch, Proposal, SourceProfile
from jutong.center.intake.row import Row, without_conditions
from jutong.center.intake.surroundings import department
from jutong.center.norms.queries import matcher
from jutong.center.org.actor import Actor
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import own_organisation, require
from jutong.contracts.receipts import ProfileReceipt
from jutong.kernel.clock import civil_date
from jutong.kernel.errors import NotFoundError
from jutong.standards.lists import closed_list

SURE_ENOUGH = 0.75
"""From here a data element is written into the item; below it is left to the person."""
TableName = tuple[str, str]
"""Schema and name."""
_TOLD = frozenset({"name", "summary", "data_format", "format_type", "share_attribute", "share_way", "grade", ITEMS})
"""What a table says of an entry that is not there yet."""


@transaction.atomic
def describe(
    *,
    source: Source,
    tables: Sequence[TableName],
    defaults: Mapping[str, str],
    by: Actor,
    now: datetime,
    sample: bool = True,
) -> Batch:
    """Propose an entry for each of some tables of the actor's own source. Nothing is published or drafted by it.

    Args:
        source: as its node reported it.
        tables: schema and name of each, all in its last inventory.
        defaults: what holds for every table: field to the text a cell would have.
        by: the steward.
        now: when.
        sample: whether the node shall count a bounded sample of each; proposals get finer as the counts come in.

    Raises:
        TablesUnknownError: for tables that are not in the inventory.
        NotFoundError: if the source is another department's.
        ForbiddenError: if ``by`` does not import.
    """
    require(by, Permission.INTAKE_BATCH_MAKE)
    organisation = own_organisation(by)
    if source.organisation_id != organisation.id:
        raise NotFoundError(what=source.name)
    listed = {(row["schema_name"], row["name"]): row for row in source.tables}
    missing = [name for _, name in (key for key in tables if key not in listed)]
    if missing or not tables:
        raise TablesUnknownError(source=source.name, tables="、".join(missing) or gettext("没有选表"))
    batch = Batch.objects.create(
        kind=BatchKind.INTROSPECTION,
        organisation=organisation,
        name=source.name,
        format=source.dialect,
        defaults=read_defaults(defaults),
        state=BatchState.READY,
        done=len(tables),
        total=len(tables),
        created_by_id=by.user_id,
        created_at=now,
        finished_at=now,
    )
    around = department(organisation, civil_date(now))
    rows = list(_rows(source, [listed[key] for key in tables], batch.defaults))
    save_new([proposal_of(batch, row, found, organisation) for row, found in judged(rows, around)])
    recount(batch)
    batch.save(update_fields=["counts"])
    note("describe", batch, by, now, source=source.name, tables=len(tables))
    if sample:
        ask_profiles(source=source, tables=tables, by=by, now=now)
    return batch


def _rows(source: Source, tables: Iterable[Mapping[str, Any]], defaults: Mapping[str, Any]) -> Iterator[Row]:
    profiles = {(row.schema_name, row.table): row for row in source.profiles.filter(ok=True)}
    match = _matcher()
    for line, table in enumerate(tables, start=1):
        key = (table["schema_name"], table["name"])
        found = described(table, counts=_counts(profiles.get(key)), match=match, format_type=_product(source.dialect))
        yield without_conditions(_row(line, source.name, table, found, defaults))


def _product(dialect: str) -> str:
    """Return the format's second level for a database product, empty where the list does not name it."""
    value = closed_list("data-format").value(DataFormat.DATABASE.value)
    types: Sequence[str] = value.details.get("types", ()) if value else ()
    return next((row for row in types if row.lower() == dialect), "")


def _row(line: int, source: str, table: Mapping[str, Any], found: Described, defaults: Mapping[str, Any]) -> Row:
    fields = {name: getattr(found.fields, name) for name in EntryFields.__dataclass_fields__}
    filled = {name: value for name, value in defaults.items() if name in fields and not fields[name]}
    return Row(
        line=line,
        fields=EntryFields(**{**fields, **filled}),
        items=found.items,
        told=_TOLD,
        raw={column["name"]: f"{column['type']} {column.get('comment', '')}".strip() for column in table["columns"]},
        origin={
            "source": source,
            "schema": table["schema_name"],
            "table": table["name"],
            "comment": table.get("comment", ""),
            "rows": table.get("row_estimate", -1),
            "reasons": {
                name: [{"sentence": row.sentence, "fields": dict(row.fields)} for row in rows]
                for name, rows in found.reasons.items()
            },
        },
    )


def _matcher() -> Matcher:
    known = matcher()

    def match(name: str, comment: str, data_type: str) -> Element | None:
        best = next(iter(known.match(name, comment=comment, data_type=data_type)), None)
        if best is None or best.confidence < SURE_ENOUGH:
            return None
        return Element(best.code, best.name, best.confidence, best.reason)

    return match


def _counts(profile: SourceProfile | None) -> dict[str, ColumnCounts]:
    return {
        column["name"]: ColumnCounts(
            column["filled"], {row["pattern"]: row["count"] for row in column.get("patterns", ())}
        )
        for column in (profile.columns if profile else ())
    }


@transaction.atomic
def ask_profiles(*, source: Source, tables: Iterable[TableName], by: Actor, now: datetime) -> int:
    """Order the node of a source to count samples of tables. Returns how many orders went out."""
    orders = 0
    for schema_name, table in tables:
        SourceProfile.objects.update_or_create(
            source=source, schema_name=schema_name, table=table, defaults={"ordered_at": now}
        )
        order_profile(source=source, schema_name=schema_name, table=table, by=by, now=now)
        orders += 1
    return orders


@transaction.atomic
def profiled(*, receipt: ProfileReceipt, by: Actor, now: datetime) -> int:
    """Keep what a node counted in a sample, and make the proposals that wait for it finer.

    What a person put in place stays. Returns how many proposals were described anew.
    """
    source = Source.objects.filter(name=receipt.source).first()
    if source is None:
        return 0
    known = {"source": source, "schema_name": receipt.schema_name, "table": receipt.table}
    profile, _ = SourceProfile.objects.get_or_create(**known, defaults={"ordered_at": now})
    profile.received_at, profile.ok, profile.problem = now, receipt.ok, receipt.problem[:500]
    if receipt.ok:
        profile.sampled, profile.rows = receipt.sampled, receipt.rows
        profile.columns = [column.model_dump(mode="json") for column in receipt.columns]
    profile.save()
    return _refine(source, profile, now) if receipt.ok else 0


def _refine(source: Source, profile: SourceProfile, now: datetime) -> int:
    table = next(
        (row for row in source.tables if (row["schema_name"], row["name"]) == (profile.schema_name, profile.table)),
        None,
    )
    waiting = (
        Proposal.objects.select_for_update(of=("self",))
        .filter(
            batch__kind=BatchKind.INTROSPECTION,
            batch__state=BatchState.READY,
            origin__source=source.name,
            origin__schema=profile.schema_name,
            origin__table=profile.table,
        )
        .exclude(outcome__in=SETTLED)
        .select_related("batch")
    )
    if table is None:
        return 0
    found = described(table, counts=_counts(profile), match=_matcher(), format_type=_product(source.dialect))
    count = 0
    for proposal in waiting:
        row = without_conditions(_row(proposal.line, source.name, table, found, proposal.batch.defaults))
        around = department(source.organisation, civil_date(now))
        take_names(around, proposal.batch)
        proposal.fields, proposal.items, proposal.origin = _as_stored(row, proposal)
        judge_again([proposal], around)
        recount(proposal.batch)
        proposal.batch.save(update_fields=["counts"])
        count += 1
    return count


def _as_stored(row: Row, proposal: Proposal) -> tuple[dict[str, Any], list[dict[str, Any]], dict[str, Any]]:
    origin = {**row.origin, "told": proposal.origin.get("told", []), "sampled": True}
    return bare(row.fields), [bare(item) for item in row.items], origin
