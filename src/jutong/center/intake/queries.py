"""The only way to get hold of batches and proposals: a department's own."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Prefetch, Q, QuerySet
from django.utils.translation import gettext

from jutong.center.catalog.enums import VersionState
from jutong.center.catalog.fields import EntryFields, ItemFields
from jutong.center.catalog.models import Binding, Entry, EntryVersion
from jutong.center.catalog.rules import OPEN_STATES
from jutong.center.fleet.models import Source
from jutong.center.intake import codec
from jutong.center.intake.columns import ITEMS, choices_of, label_of
from jutong.center.intake.enums import BatchKind, Outcome
from jutong.center.intake.judging import Difference, differences
from jutong.center.intake.models import Batch, Proposal, SourceProfile
from jutong.center.intake.surroundings import newest, said
from jutong.center.intake.workbook.content import Content
from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.org.permissions import Permission
from jutong.kernel.errors import NotFoundError

SAMPLES = 20
"""Rows shown of a problem that many rows have."""
MOST_ROWS = 50
"""More bad rows than these are shown by problem."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem, how many rows have it, and some of them."""

    key: str
    severity: str
    finding: Mapping[str, Any]
    rows: int
    samples: Sequence[Proposal]

    @property
    def place(self) -> str:
        """The field, with a star for whichever item."""
        return self.key.split("|")[1]

    @property
    def label(self) -> str:
        """What people call the field, in the language in use."""
        return gettext(label_of(self.place)) if self.place else gettext("整行")

    @property
    def message(self) -> str:
        """What is wrong, in the language in use."""
        return gettext(self.finding["message"])

    @property
    def way_out(self) -> str:
        """What to do, in the language in use."""
        return gettext(self.finding["way_out"])

    @property
    def clause(self) -> str:
        """On what it stands."""
        return str(self.finding.get("clause", ""))

    @property
    def options(self) -> list[tuple[str, str]]:
        """Codes the place takes with their names in the language in use; empty for free text."""
        return [(code, gettext(label)) for code, label in choices_of(self.place).items()]

    @property
    def is_fixable(self) -> bool:
        """Whether one value could be put in the place of all; names have to be told apart by hand."""
        return bool(self.place) and self.place not in _BY_HAND and self.finding["rule"] not in _BY_HAND


_BY_HAND = frozenset({"name", "code", ITEMS, "items.*.name", "VC-06", "VC-07"})
_PROBLEMS = """
SELECT f->>'rule', regexp_replace(coalesce(f->>'place', ''), '^items[.][0-9]+[.]', 'items.*.'), f->>'message',
       f->>'severity', count(DISTINCT p.id), (array_agg(DISTINCT p.line))[:%(samples)s],
       (array_agg(f))[1]
  FROM intake_proposal p, jsonb_array_elements(p.findings) f
 WHERE p.batch_id = %(batch)s AND p.organisation_id = %(organisation)s AND p.outcome IN ('error', 'new', 'changed')
 GROUP BY 1, 2, 3, 4
 ORDER BY f->>'severity', 5 DESC, 1, 2
 LIMIT %(most)s
"""
_MOST_PROBLEMS = 100


def batches(actor: Actor) -> QuerySet[Batch]:
    """Return the actor's department's batches, the newest first.

    Raises:
        ForbiddenError: if the post does not see batches.
    """
    org.require(actor, Permission.INTAKE_BATCH_VIEW)
    own = actor.organisation_id or org.NOBODY
    harvested = Proposal.objects.filter(organisation_id=own, batch__organisation=None).values("batch")
    return Batch.objects.filter(Q(organisation_id=own) | Q(id__in=harvested)).select_related("created_by")


def batch(actor: Actor, batch_id: UUID | str) -> Batch:
    """Return one batch.

    Raises:
        NotFoundError: if the department has none of the id.
    """
    found = batches(actor).select_related("organisation").filter(id=org.as_uuid(batch_id)).first()
    if found is None:
        raise NotFoundError(what=str(batch_id))
    return found


def proposals(actor: Actor, of: Batch, *, outcomes: Iterable[str] = (), warned: bool = False) -> QuerySet[Proposal]:
    """Return the department's proposals of a batch in the order of the file.

    Args:
        actor: who asks.
        of: a batch got from here.
        outcomes: which ones, all where left out.
        warned: only those with a warning.
    """
    org.require(actor, Permission.INTAKE_BATCH_VIEW)
    rows = of.proposals.filter(organisation_id=actor.organisation_id or org.NOBODY).select_related("entry")
    wanted = list(outcomes)
    if wanted:
        rows = rows.filter(outcome__in=wanted)
    return rows.filter(warned=True) if warned else rows


def proposal(actor: Actor, of: Batch, line: int) -> Proposal:
    """Return one proposal by its line.

    Raises:
        NotFoundError: if the batch has none of the department there.
    """
    found = proposals(actor, of).filter(line=line).first()
    if found is None:
        raise NotFoundError(what=str(line))
    return found


def problems(actor: Actor, of: Batch) -> list[Problem]:
    """Return what is wrong or doubtful in a batch, errors first, the most frequent first, with some rows of each."""
    org.require(actor, Permission.INTAKE_BATCH_VIEW)
    asked: dict[str, UUID | str | int] = {
        "batch": of.id,
        "organisation": actor.organisation_id or org.NOBODY,
        "samples": SAMPLES,
        "most": _MOST_PROBLEMS,
    }
    with connection.cursor() as cursor:
        cursor.execute(_PROBLEMS, asked)
        found = cursor.fetchall()
    lines = {line for row in found for line in row[5]}
    rows = {row.line: row for row in proposals(actor, of).filter(line__in=lines)}
    return [
        Problem(f"{rule}|{place}|{message}", severity, json.loads(first), count, [rows[line] for line in some])
        for rule, place, message, severity, count, some, first in found
    ]


def with_problem(rows: QuerySet[Proposal], key: str) -> QuerySet[Proposal]:
    """Return the proposals that have a problem, told by its rule and what it says."""
    rule, _, rest = key.partition("|")
    return rows.filter(findings__contains=[{"rule": rule, "message": rest.partition("|")[2]}])


def before(rows: Sequence[Proposal]) -> dict[UUID, tuple[EntryFields, tuple[ItemFields, ...]]]:
    """Return what the entries of proposals say now, by proposal."""
    ids = {str(row.entry_id): row for row in rows if row.entry_id is not None}
    versions = newest(ids)
    return {
        row.id: said(versions[str(row.entry_id)])
        for row in rows
        if row.entry_id is not None and str(row.entry_id) in versions
    }


def after(row: Proposal) -> tuple[EntryFields, tuple[ItemFields, ...]]:
    """Return what a proposal says."""
    return codec.as_entry(row.fields), codec.as_items(row.items)


def differences_of(row: Proposal, then: tuple[EntryFields, tuple[ItemFields, ...]] | None) -> list[Difference]:
    """Return what a proposal changes of what its entry says; nothing where there is no entry."""
    return differences(then, after(row)) if then else []


def attachable(actor: Actor, of: Batch) -> list[Proposal]:
    """Return the drafted proposals of tables whose entries are published by now and have nothing behind them."""
    rows = proposals(actor, of, outcomes=(Outcome.DRAFTED,)).filter(
        origin__has_key="source", entry__published__isnull=False, entry__is_bound=False
    )
    return list(rows.select_related("entry__published"))


def origin_of(entry: Entry) -> dict[str, Any] | None:
    """Return the table an entry was described from: ``source``, ``schema`` and ``table``; None where there is none."""
    found = (
        Proposal.objects.filter(entry=entry, batch__kind=BatchKind.INTROSPECTION, outcome=Outcome.DRAFTED)
        .order_by("-batch__created_at")
        .values_list("origin", flat=True)
        .first()
    )
    return {name: found[name] for name in ("source", "schema", "table")} if found else None


def own_contents(actor: Actor, codes: Iterable[str] = ()) -> list[Content]:
    """Return the department's entries as sheets show them: what is being made, else what is published.

    Raises:
        ForbiddenError: if the post does not see drafts.
    """
    org.require(actor, Permission.CATALOG_DRAFT_VIEW)
    versions = (
        EntryVersion.objects.filter(
            Q(state__in=OPEN_STATES, kind="content") | Q(state=VersionState.PUBLISHED),
            entry__organisation_id=actor.organisation_id or org.NOBODY,
            entry__removed_at=None,
        )
        .select_related("entry")
        .prefetch_related(Prefetch("items"))
        .order_by("number")
    )
    wanted = set(codes)
    if wanted:
        versions = versions.filter(entry__code__in=wanted)
    latest = {version.entry.code: version for version in versions}
    return [Content(code, *said(latest[code])) for code in sorted(latest)]


def source_of(actor: Actor, name: str) -> Source:
    """Return one of the department's own sources.

    Raises:
        NotFoundError: if it has none of the name.
        ForbiddenError: if the post does not import.
    """
    org.require(actor, Permission.INTAKE_BATCH_MAKE)
    found = Source.objects.filter(name=name, organisation_id=actor.organisation_id or org.NOBODY).first()
    if found is None:
        raise NotFoundError(what=name)
    return found


def profiles_of(source: Source) -> dict[tuple[str, str], SourceProfile]:
    """Return what samples of a source's tables counted, by schema and name."""
    return {(row.schema_name, row.table): row for row in source.profiles.all()}


def described_tables(source: Source) -> dict[tuple[str, str], Proposal]:
    """Return which tables of a source were proposed before, by schema and name, the newest proposal of each."""
    rows = Proposal.objects.filter(
        batch__kind=BatchKind.INTROSPECTION, batch__organisation_id=source.organisation_id, origin__source=source.name
    ).exclude(outcome=Outcome.DISMISSED)
    return {
        (row.origin["schema"], row.origin["table"]): row
        for row in rows.select_related("entry", "batch").order_by("batch__created_at")
    }


def bound_tables(source: Source) -> dict[tuple[str, str], Entry]:
    """Return which tables of a source stand behind which entries, by schema and name."""
    rows = Binding.objects.filter(source=source.name, ended_at=None, entry__organisation_id=source.organisation_id)
    return {(row.schema_name, row.table): row.entry for row in rows.select_related("entry")}
