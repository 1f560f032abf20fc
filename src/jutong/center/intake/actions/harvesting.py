"""Keeping what a foreign listing proposes, each row for the department it names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction

from jutong.center.catalog.findings import GUIDE, Finding
from jutong.center.intake.accept import ProposedEntry
from jutong.center.intake.actions.receiving import note
from jutong.center.intake.actions.storing import bare, chunks, judged, proposal_of, recount, save_new
from jutong.center.intake.columns import PROVIDER, PROVIDER_HEADER
from jutong.center.intake.enums import BatchKind, BatchState, Outcome
from jutong.center.intake.mapping import ColumnMapping
from jutong.center.intake.models import Batch, Proposal
from jutong.center.intake.row import Row, told_finding
from jutong.center.intake.source_rows import as_json, row_of
from jutong.center.intake.surroundings import Department, department
from jutong.center.org.actor import Actor
from jutong.center.org.models import Organisation
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import require
from jutong.kernel.clock import civil_date
from jutong.kernel.i18n import gettext_noop

NOT_REGISTERED = gettext_noop("平台上没有登记这个提供单位")
REGISTER = gettext_noop("请系统管理员登记该单位，或指定这批目录归哪个单位")


@transaction.atomic
def store_batch(
    *,
    kind: str = BatchKind.HARVEST,
    organisation: Organisation | None,
    name: str,
    proposals: Iterable[ProposedEntry],
    mapping: ColumnMapping | None,
    by: Actor,
    now: datetime,
) -> Batch:
    """Keep proposals of a listing that was read elsewhere; nothing becomes a draft by itself.

    Args:
        kind: by which door they came in.
        organisation: whose they all are; None lets each row name its department.
        name: of the listing.
        proposals: in the listing's order.
        mapping: which header was which field, None where there were none.
        by: who harvests.
        now: when.

    Raises:
        ForbiddenError: if ``by`` does not import.
    """
    require(by, Permission.INTAKE_BATCH_MAKE)
    batch = Batch.objects.create(
        kind=kind,
        organisation=organisation,
        name=name[-200:],
        mapping=as_json("", mapping) if mapping else {},
        state=BatchState.READY,
        created_by_id=by.user_id,
        created_at=now,
        finished_at=now,
    )
    sorter = _Departments(organisation, civil_date(now))
    line = 0
    for some in chunks(proposals):
        rows = [row_of(proposed, mapping) for proposed in some]
        for row in rows:
            line += 1
            row.origin = {**row.origin, "line": row.line}
            row.line = line
        save_new(_made(batch, rows, sorter))
    batch.done = batch.total = line
    recount(batch)
    batch.save()
    note("receive", batch, by, now, rows=line, counts=batch.counts)
    return batch


class _Departments:
    """The departments rows name, each fetched once."""

    def __init__(self, all_of: Organisation | None, on: date) -> None:
        self._all_of, self._on = all_of, on
        self._known: dict[Any, Department] = {}
        self._named: dict[str, Organisation] = {}
        for organisation in Organisation.objects.filter(closed_at=None):
            for called in (organisation.code, organisation.short_name, organisation.name):
                self._named.setdefault(called, organisation)

    def of(self, row: Row) -> Department | None:
        organisation = self._all_of or self._named.get(row.provider.strip())
        if organisation is None:
            return None
        if organisation.id not in self._known:
            self._known[organisation.id] = department(organisation, self._on)
        return self._known[organisation.id]


def _made(batch: Batch, rows: Sequence[Row], sorter: _Departments) -> list[Proposal]:
    groups: dict[Any, tuple[Department, list[Row]]] = {}
    made = []
    for row in rows:
        around = sorter.of(row)
        if around is None:
            made.append(_ownerless(batch, row))
        else:
            groups.setdefault(around.organisation.id, (around, []))[1].append(row)
    for around, some in groups.values():
        made.extend(proposal_of(batch, row, found, around.organisation) for row, found in judged(some, around))
    return made


def _ownerless(batch: Batch, row: Row) -> Proposal:
    found = Finding("VC-07", PROVIDER, PROVIDER_HEADER, GUIDE, NOT_REGISTERED, REGISTER, row.provider[:100])
    return Proposal(
        batch=batch,
        line=row.line,
        provider=row.provider,
        code=row.code,
        name=row.fields.name[:256],
        fields=bare(row.fields),
        items=[bare(item) for item in row.items],
        raw=dict(row.raw),
        origin={**row.origin, "told": sorted(row.told)},
        findings=[*row.findings, told_finding(finding=found, at_reading=True)],
        outcome=Outcome.ERROR,
    )
