"""What stands behind entries and is no table, and how much of what is published can be had."""

from __future__ import annotations

from typing import Annotated, Literal

from ninja import Router
from pydantic import Field

from jutong.api.door import ApiRequest, asks
from jutong.api.shapes import catalog as shapes
from jutong.api.shapes.common import OrganisationRef, PageOut, organisation_ref
from jutong.api.types import In, Out
from jutong.api.v1.catalog import ENTRY, Classification, Sequence, code_of
from jutong.center.catalog import queries
from jutong.center.catalog.binding_rates import BindingRate, binding_rates
from jutong.center.catalog.enums import BindingKind
from jutong.center.org.permissions import Permission
from jutong.center.sharing.actions.changes import bind_entry_place
from jutong.contracts.orders import Place

router = Router(tags=["挂接 bindings"])


class PlaceIn(In):
    """Files, a service, a stream or a video channel to bind. No user, password or query: a node knows its secrets."""

    kind: Literal["files", "service", "stream", "video"]
    source: Annotated[str, Field(min_length=1, max_length=64, description="files或endpoints数据源 · such a source")]
    protocol: Annotated[str, Field(min_length=1, max_length=16)]
    address: Annotated[str, Field(max_length=200)] = ""
    path: Annotated[str, Field(max_length=200)] = ""
    channel: Annotated[str, Field(max_length=64)] = ""


class BindingRateOut(Out):
    """挂接率 of one department: bound over published and shared, in percent; null where nothing is shared."""

    organisation: OrganisationRef
    percent: float | None
    shared: int
    bound: int
    degraded: int
    down: int
    unchecked: int
    overdue: int = Field(description="超过规定天数没有挂接（VC-12） · unbound for too long")


def _rate(row: BindingRate) -> BindingRateOut:
    return BindingRateOut(
        organisation=organisation_ref(row.organisation),
        percent=row.percent,
        shared=row.shared,
        bound=row.bound,
        degraded=row.degraded,
        down=row.down,
        unchecked=row.unchecked,
        overdue=row.overdue,
    )


@router.put(
    f"/catalog{ENTRY}/place",
    operation_id="bindEntryPlace",
    summary="挂接文件、接口、数据流或视频 · bind a published entry to what is no table",
    **asks(Permission.CATALOG_ENTRY_BIND, shapes.BindingOut, 404, 409, 415, 422),
)
def bind_place(
    request: ApiRequest, classification: Classification, sequence: Sequence, body: PlaceIn
) -> shapes.BindingOut:
    """Bind the entry to a place its node may look at; grants that waited for it are ordered, and it is watched."""
    caller = request.auth
    done = bind_entry_place(
        entry=queries.entry_for_steward(caller.actor, code_of(classification, sequence)),
        kind=BindingKind(body.kind),
        source=body.source,
        place=Place(protocol=body.protocol, address=body.address, path=body.path, channel=body.channel),
        by=caller.actor,
        now=caller.now,
    )
    return shapes.binding_out(done)


@router.get(
    "/binding-rates",
    operation_id="listBindingRates",
    summary="挂接率 · how much of what is published can be had",
    **asks(Permission.CATALOG_ENTRY_VIEW, PageOut[BindingRateOut]),
)
def rates(request: ApiRequest) -> PageOut[BindingRateOut]:
    """Return the departments' figures, the lowest first: the division's for authority and leaders, else the own."""
    return PageOut(rows=[_rate(row) for row in binding_rates(request.auth.actor)], next="")
