"""What may be read of fusions: counts by everybody who sees the libraries, cases by those they concern."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from jutong.center.correction.models import Correction
from jutong.center.correction.parties import visible
from jutong.center.correction.rules import OPEN
from jutong.center.fusion.models import ConflictBatch, ConflictCase
from jutong.center.library.definitions import definition_of
from jutong.center.library.models import FeedRow, FeedState, LibraryTable, Work, WorkState
from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.org.models import Organisation
from jutong.center.org.permissions import Permission

MOST_CASES = 50
MOST_BATCHES = 20
MOST_CARDS = 20


@dataclass(frozen=True)
class ConflictLine:
    """Conflicts of a field between two departments, as the last fusion counted them."""

    field: str
    title: str
    feed: FeedRow | None
    believed: FeedRow | None
    organisation: str
    believed_organisation: str
    cause: str
    open: int
    opened: int
    closed: int

    @property
    def can_be_sent(self) -> bool:
        """Whether both registers are known still."""
        return self.feed is not None and self.believed is not None and self.open > 0


def feeds_on(table: LibraryTable) -> list[FeedRow]:
    """Return the feeds a table is made of."""
    rows = FeedRow.objects.filter(table=table, state=FeedState.ON).select_related(
        "organisation", "entry__published", "table__library"
    )
    return list(rows.order_by("name"))


def keeper_code(table: LibraryTable) -> str:
    """Return the code of the department that leads a table: whose feed has the role of its owner; empty for none."""
    rows = FeedRow.objects.filter(table=table, state=FeedState.ON, role=table.owner).select_related("organisation")
    found = rows.order_by("confirmed_at").first()
    return found.organisation.code if found is not None else ""


def keeps(actor: Actor, table: LibraryTable) -> bool:
    """Tell whether the actor's department keeps the library: it is an authority, or leads the table."""
    own = Organisation.objects.filter(id=actor.organisation_id or org.NOBODY, closed_at=None).first()
    return own is not None and (own.is_authority or own.code == keeper_code(table))


def last_fusion(actor: Actor, table: LibraryTable) -> Work | None:
    """Return the newest fusion of a table that was done."""
    org.require(actor, Permission.LIBRARY_LIBRARY_VIEW)
    rows = Work.objects.filter(library=table.library_id, table=table.name, kind="fuse", state=WorkState.DONE)
    return rows.order_by("-finished_at").first()


def conflict_lines(table: LibraryTable, result: dict[str, Any]) -> list[ConflictLine]:
    """Return the conflicts of a fusion by field and departments, the most first."""
    titles = {field.name: field.title for field in definition_of(table).fields}
    by_code: dict[str, list[FeedRow]] = {}
    for feed in feeds_on(table):
        by_code.setdefault(feed.organisation.code, []).append(feed)
    rows = result.get("conflicts", ())
    codes = {row[side] for row in rows for side in ("organisation_code", "believed_code")}
    names = dict(Organisation.objects.filter(code__in=codes).values_list("code", "short_name"))
    lines = []
    for row in rows:
        field, code, believed = row["field"], row["organisation_code"], row["believed_code"]
        lines.append(
            ConflictLine(
                field, titles.get(field, field), _feed(by_code, code, field), _feed(by_code, believed, field),
                names.get(code, code), names.get(believed, believed), row["cause"], row["open"], row["opened"],
                row["closed"],
            )
        )  # fmt: skip
    return sorted(lines, key=lambda line: (-line.open, line.title, line.organisation))


def _feed(by_code: dict[str, list[FeedRow]], code: str, field: str) -> FeedRow | None:
    rows = [feed for feed in by_code.get(code, ()) if any(name == field for name, _column in feed.columns)]
    return rows[0] if rows else None


def known(asked: FeedRow, field: str) -> Iterable[str]:
    """Return the conflicts of a cause that were sent before and have not healed."""
    rows = ConflictCase.objects.filter(asked=asked, batch__field=field, healed_at=None)
    return rows.order_by("conflict_id").values_list("conflict_id", flat=True)


def open_count(organisation_id: UUID) -> int:
    """Return how many conflicts a department is asked about now."""
    return Correction.objects.filter(
        conflict_case__isnull=False, responsible_id=organisation_id, state__in=OPEN
    ).count()


def batches(actor: Actor, table: LibraryTable) -> list[ConflictBatch]:
    """Return the newest batches of a table."""
    org.require(actor, Permission.LIBRARY_LIBRARY_VIEW)
    rows = ConflictBatch.objects.filter(table=table)
    return list(rows.select_related("feed__organisation", "believed__organisation", "ordered_by")[:MOST_BATCHES])


def cases(actor: Actor, table: LibraryTable) -> list[ConflictCase]:
    """Return the newest conflicts of a table that became corrections the actor may read."""
    org.require(actor, Permission.CORRECTION_CASE_VIEW)
    readable = Correction.objects.filter(visible(actor))
    rows = ConflictCase.objects.filter(batch__table=table, correction__in=readable)
    return list(rows.select_related("correction__responsible", "batch", "asked__organisation")[:MOST_CASES])


def case_of(actor: Actor, number: str) -> ConflictCase | None:
    """Return the conflict a correction came of, for those who may read the correction; None for none."""
    org.require(actor, Permission.CORRECTION_CASE_VIEW)
    rows = ConflictCase.objects.filter(
        correction__number=number, correction__in=Correction.objects.filter(visible(actor))
    )
    return rows.select_related(
        "correction", "batch__table__library__node", "batch__feed__organisation", "batch__believed__organisation"
    ).first()


def cards(actor: Actor, table: LibraryTable) -> list[Work]:
    """Return fusions of a table that have a model card, the newest first, one for each version of the model.

    Of one version it is the last that looked at all records: the card of a run for changes tells of those alone.
    """
    org.require(actor, Permission.LIBRARY_LIBRARY_VIEW)
    rows = Work.objects.filter(library=table.library_id, table=table.name, kind="fuse", state=WorkState.DONE)
    carded = rows.exclude(result__card={}).filter(result__has_key="card").order_by("-finished_at")[: MOST_CARDS * 10]
    seen: dict[str, Work] = {}
    for work in carded:
        version = str(work.result["card"].get("model", {}).get("version", ""))
        if version not in seen or (work.result["full"] and not seen[version].result["full"]):
            seen[version] = work
    return list(seen.values())[:MOST_CARDS]
