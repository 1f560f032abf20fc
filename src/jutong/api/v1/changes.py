"""The change feed of the catalog, for indexes and cascading platforms that follow it with a number."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from ninja import Query, Router
from pydantic import Field

from jutong.api.door import ApiRequest, asks
from jutong.api.shapes import catalog as shapes
from jutong.api.shapes.common import OrganisationRef, organisation_ref
from jutong.api.types import Asked, Limit, Out
from jutong.center.catalog.changes import newest
from jutong.center.catalog.enums import ChangeKind
from jutong.center.org.permissions import Permission
from jutong.center.ownership import feed

router = Router(tags=["变更流 changes"])
_LARGEST = 2**63 - 1


class ChangesAsked(Asked):
    """From where on, and how many."""

    after: Annotated[
        int, Field(ge=0, le=_LARGEST, description="上一次最后一条的sequence · sequence of the last line read before")
    ] = 0
    limit: Limit = 50


class ChangeOut(Out):
    """One change. Where ``gone``, the entry was taken down and is to be dropped."""

    sequence: int
    kind: str
    kind_label: str
    at: datetime
    code: str
    organisation: OrganisationRef
    gone: bool
    is_bound: bool
    quality: int | None
    version: shapes.VersionOut | None


class ChangesOut(Out):
    """Some changes. Ask again with ``next``; where it equals ``newest`` there is nothing more for now."""

    rows: list[ChangeOut]
    next: int
    newest: int


@router.get(
    "/changes",
    operation_id="listChanges",
    summary="目录变更流 · the catalog's change feed",
    **asks(Permission.CATALOG_ENTRY_VIEW, ChangesOut, 422),
)
def changes(request: ApiRequest, asked: Query[ChangesAsked]) -> ChangesOut:
    """Return the changes after a number in their order, each with what the entry said then, whole.

    Numbers only grow and no smaller one turns up later, so whoever keeps the last number read misses nothing and may
    stop and go on at any time. Reading a line twice does no harm.
    """
    last = newest()
    found = feed.lines(request.auth.actor, after=asked.after, limit=asked.limit)
    following = found[-1].change.sequence if found else asked.after
    return ChangesOut(rows=[_out(row) for row in found], next=following, newest=max(last, following))


def _out(row: feed.FeedLine) -> ChangeOut:
    change, entry, gone = row.change, row.change.entry, row.version is None
    return ChangeOut(
        sequence=change.sequence,
        kind=change.kind,
        kind_label=str(ChangeKind(change.kind).label),
        at=change.at,
        code=entry.code,
        organisation=organisation_ref(entry.organisation),
        gone=gone,
        is_bound=entry.is_bound and not gone,
        quality=None if gone else entry.quality,
        version=shapes.version_out(row.version) if row.version else None,
    )
