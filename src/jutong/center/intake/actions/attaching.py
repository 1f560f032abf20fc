"""Binding published entries to the tables they were described from, without choosing the columns again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from jutong.center.catalog.models import Entry
from jutong.center.intake.actions.receiving import note, own_batch
from jutong.center.intake.models import Batch, Proposal
from jutong.center.intake.queries import attachable
from jutong.center.org.actor import Actor
from jutong.center.sharing.actions.changes import bind_entry
from jutong.kernel.errors import JutongError


@dataclass(frozen=True, slots=True)
class Attached:
    """What became of one entry; ``problem`` is None where it was bound."""

    code: str
    name: str
    problem: JutongError | None = None


def attach(*, batch: Batch, by: Actor, now: datetime) -> list[Attached]:
    """Bind every published entry of a batch that has nothing behind it to the table it was described from.

    Each is bound in a transaction of its own; one that cannot be says why and the others go on.

    Raises:
        NotFoundError: if the batch is another department's.
        ForbiddenError: if ``by`` does not import.
    """
    with transaction.atomic():
        locked = own_batch(batch.id, by)
    done = []
    for proposal in attachable(by, locked):
        entry = proposal.entry
        assert entry is not None  # noqa: S101 - attachable says so
        try:
            _attach(proposal, entry, by, now)
        except JutongError as problem:
            done.append(Attached(entry.code, proposal.name, problem))
        else:
            done.append(Attached(entry.code, proposal.name))
    with transaction.atomic():
        note("attach", locked, by, now, codes=[row.code for row in done if row.problem is None])
    return done


@transaction.atomic
def _attach(proposal: Proposal, entry: Entry, by: Actor, now: datetime) -> None:
    version = entry.published
    items = version.items.exclude(column="") if version else ()
    bind_entry(
        entry=entry,
        source=proposal.origin["source"],
        schema_name=proposal.origin["schema"],
        table=proposal.origin["table"],
        columns={item.name: item.column for item in items},
        by=by,
        now=now,
    )
