"""Putting judged rows into the database, many at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Count

from jutong.center.catalog.fields import EntryFields, ItemFields
from jutong.center.intake import codec
from jutong.center.intake.enums import Outcome
from jutong.center.intake.judging import Judged, fixed, judge
from jutong.center.intake.models import Batch, Proposal
from jutong.center.intake.row import Row
from jutong.center.intake.surroundings import Department, name_key, newest
from jutong.center.org.models import Organisation

Thing = TypeVar("Thing")
CHUNK = 200
"""Rows that are judged and stored together."""
WRITTEN = (
    "organisation", "provider", "code", "name", "fields", "items", "raw", "origin", "findings", "outcome", "warned",
    "entry", "left",
)  # fmt: skip
SETTLED = frozenset({Outcome.DRAFTED, Outcome.DISMISSED})
"""What a check leaves as it is."""


def chunks(rows: Iterable[Thing]) -> Iterator[list[Thing]]:
    """Yield rows in lists of at most ``CHUNK``."""
    left = iter(rows)
    while some := list(islice(left, CHUNK)):
        yield some


def judged(rows: Sequence[Row], around: Department) -> list[tuple[Row, Judged]]:
    """Judge rows in their order, reading the entries they match at once."""
    known = [around.match(row.code, fixed(row)[0].name) for row in rows]
    versions = newest({found.entry_id for found in known if found is not None})
    around.look_up(code for row in rows for code in _codes(row))
    return [(row, judge(row, around, versions)) for row in rows]


def _codes(row: Row) -> Iterable[str]:
    fields, items = fixed(row)
    return (*fields.related_codes, *(item.source_code for item in items if item.source_code))


def proposal_of(batch: Batch, row: Row, found: Judged, organisation: Organisation | None) -> Proposal:
    """Return what a judged row is in the database; nothing is saved."""
    proposal = Proposal(batch=batch, line=row.line, fixes=row.fixes)
    put(proposal, row, found, organisation)
    return proposal


def put(proposal: Proposal, row: Row, found: Judged, organisation: Organisation | None) -> None:
    """Write a judged row over a proposal; nothing is saved."""
    proposal.organisation = organisation
    proposal.provider, proposal.code, proposal.name = row.provider, row.code, found.fields.name[:256]
    proposal.fields, proposal.items = bare(found.fields), [bare(item) for item in found.items]
    proposal.raw = dict(row.raw)
    proposal.origin = {**row.origin, "told": sorted(row.told), "base": found.base}
    proposal.findings, proposal.outcome, proposal.warned = list(found.findings), found.outcome, found.warned
    proposal.entry_id = found.known.entry_id if found.known else None
    proposal.left = {}


def bare(content: EntryFields | ItemFields) -> dict[str, Any]:
    """Return what differs from an empty entry or item, as JSON keeps it."""
    specs = type(content).__dataclass_fields__
    kept = {name: getattr(content, name) for name, spec in specs.items() if getattr(content, name) != spec.default}
    return {name: _json(value) for name, value in kept.items() if value not in ({}, ())}


def _json(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    return list(value) if isinstance(value, tuple) else value


def row_of_proposal(proposal: Proposal) -> Row:
    """Return a stored proposal as a row to be judged again; only what reading found is kept of its findings."""
    origin = {name: value for name, value in proposal.origin.items() if name not in {"told", "base"}}
    return Row(
        line=proposal.line,
        fields=codec.as_entry(proposal.fields),
        items=codec.as_items(proposal.items),
        code=proposal.code,
        provider=proposal.provider,
        told=frozenset(proposal.origin.get("told", ())),
        raw=proposal.raw,
        findings=[_as_read(found) for found in proposal.findings if found.get("read")],
        origin=origin,
        fixes=proposal.fixes,
    )


def _as_read(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return what reading said, as it said it: a check may have made more of it."""
    kept = {name: value for name, value in found.items() if name != "lifted"}
    return {**kept, "severity": "warning"} if found.get("lifted") else kept


def save_new(proposals: Sequence[Proposal]) -> None:
    """Insert proposals, writing over those of the same lines but never over what a person put there."""
    Proposal.objects.bulk_create(
        proposals, batch_size=CHUNK, update_conflicts=True, unique_fields=["batch", "line"], update_fields=WRITTEN
    )


def take_names(around: Department, batch: Batch, *, renamed: Mapping[UUID, str] | None = None) -> None:
    """Enter the names a batch has taken, each with its first line; some proposals may have got another meanwhile."""
    given = renamed or {}
    rows = batch.proposals.exclude(outcome=Outcome.DISMISSED).order_by("line")
    for proposal_id, line, name in rows.values_list("id", "line", "name"):
        called = given.get(proposal_id, name)
        if called:
            around.taken.setdefault(name_key(called), line)


def recount(batch: Batch) -> None:
    """Count a batch's proposals by outcome; nothing is saved."""
    found = {outcome.value: 0 for outcome in Outcome}
    rows: Iterable[tuple[str, int]] = (
        batch.proposals.order_by().values_list("outcome").annotate(many=Count("id")).values_list("outcome", "many")
    )
    found.update(dict(rows))
    found["warned"] = batch.proposals.filter(warned=True).exclude(outcome__in=(Outcome.ERROR, *SETTLED)).count()
    batch.counts = found
