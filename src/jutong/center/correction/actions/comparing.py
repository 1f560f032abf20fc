"""Raising a doubt that a node found by comparing registers: the center learns the items, never the row or a value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from jutong.center.catalog.models import Entry
from jutong.center.catalog.queries import open_binding
from jutong.center.clocks import actions as clocks
from jutong.center.constraints import constraint_errors
from jutong.center.correction.actions import tracing
from jutong.center.correction.actions._common import SUBJECT, tell, write_step
from jutong.center.correction.actions.marking import order_mark, place
from jutong.center.correction.actions.raising import LETTERS, RAISED
from jutong.center.correction.boxes import closed, tag
from jutong.center.correction.enums import DoubtKind, Origin
from jutong.center.correction.errors import DoubtOpenError
from jutong.center.correction.models import Correction
from jutong.center.correction.parties import responsible_for
from jutong.center.correction.rules import ANSWER_PERIOD
from jutong.center.fleet.models import Node
from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.org.permissions import Permission
from jutong.center.sharing.numbers import next_number
from jutong.kernel.errors import NotFoundError


@dataclass(frozen=True, slots=True)
class Looked:
    """Who may have read the row, or what was made of it: an entry, its node, and the values in a box for that node."""

    entry_code: str
    node: Node
    sealed: str


@dataclass(frozen=True, slots=True)
class Compared:
    """One row of an entry that differs from another department's.

    Attributes:
        entry: the entry whose row is doubted.
        items: names of the items that differ.
        row: a tag of the row, equal for equal rows.
        locator: the row's key in a box for the node of the entry's source, see ``contracts.orders.MarkOrder``.
        statement: what differs from what, without a value.
        looked: where readers of the row are searched.
    """

    entry: Entry
    items: Sequence[str]
    row: str
    locator: str
    statement: str
    looked: Sequence[Looked] = field(default_factory=tuple)


@transaction.atomic
def raise_compared(*, found: Compared, by: Actor, now: datetime) -> Correction:
    """Raise a doubt for a row that a comparison found; see ``raising.raise_correction`` for what follows.

    Raises:
        DoubtOpenError: if the department has an open case about the same row.
        NotFoundError: if the entry is not published.
        CalendarYearMissingError: if the last day lies in a year without calendar.
    """
    org.require(by, Permission.CORRECTION_CASE_RAISE)
    raiser, version = org.own_organisation(by), found.entry.published
    if version is None:
        raise NotFoundError(what=found.entry.code)
    number = next_number(LETTERS, now)
    made = Correction(
        number=number, entry=found.entry, version=version, provider=found.entry.organisation,
        responsible=responsible_for(found.entry, version, found.items), raiser=raiser, origin=Origin.COMPARISON,
        kind=DoubtKind.INCONSISTENT, items=list(found.items), key_items=[],
        key_tag=tag("correction.row", {"row": found.row}), locator=found.locator,
        also=sorted({look.entry_code for look in found.looked} - {found.entry.code}),
        claim=closed(_claim(found), about=f"{number} claim"), created_by_id=by.user_id or org.NOBODY, created_at=now,
    )  # fmt: skip
    place(made, open_binding(found.entry))
    open_case = Correction.objects.filter(entry=found.entry, key_tag=made.key_tag, raiser=raiser, closed_at=None)
    taken = DoubtOpenError(entry=version.name, number=open_case.values_list("number", flat=True).first() or "")
    with constraint_errors(one_open_correction_per_row=taken):
        made.save(force_insert=True)
    clock = clocks.start(
        period=ANSWER_PERIOD, subject_kind=SUBJECT, subject_id=made.id, subject_label=f"{number} {version.name}",
        organisation=made.responsible, by=by, now=now,
    )  # fmt: skip
    order_mark(made, by, now)
    made.save(update_fields=["mark", "mark_problem"])
    look_again(made, found.looked, by, now)
    write_step(made, "", by, now)
    for side in {made.responsible_id: made.responsible, made.provider_id: made.provider}.values():
        tell(side, RAISED, made, now, raiser=raiser.short_name, entry=version.name, days=clock.length)
    return made


def look_again(found: Correction, looked: Sequence[Looked], by: Actor, now: datetime) -> None:
    """Ask the nodes who has read the row, or what was made of it, until now."""
    for look in looked:
        tracing.ask_sealed(
            node=look.node, subject_kind=SUBJECT, subject_id=found.id, sealed=look.sealed,
            entry_code=look.entry_code, by=by, now=now,
        )  # fmt: skip


def _claim(found: Compared) -> Mapping[str, object]:
    items = dict.fromkeys(found.items, "")
    return {"key": {}, "claimed": items, "present": {}, "statement": found.statement, "evidence": ""}
