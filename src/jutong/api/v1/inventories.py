"""信息系统清单, 责任清单, 负面清单: views of the catalog."""

from __future__ import annotations

from typing import Annotated

from ninja import Path, Query, Router
from pydantic import Field

from jutong.api import listing
from jutong.api.door import ApiRequest, asks
from jutong.api.shapes import ownership as shapes
from jutong.api.shapes.common import PageOut, organisation_ref
from jutong.api.types import Asked, Cursor, Ident, OrganisationCode
from jutong.center.org.models import InformationSystem
from jutong.center.org.permissions import Permission
from jutong.center.ownership import actions, inventories
from jutong.kernel.clock import civil_date

router = Router(tags=["清单 inventories"])
PAGE_SIZE = 100
SYSTEMS, DUTIES, WITHHELD = "inventory-systems", "inventory-duties", "inventory-withheld"
SystemId = Annotated[Ident, Path(description="信息系统编号 · id of the information system")]


class InventorySystemsAsked(Asked):
    """Which systems."""

    missing: Annotated[bool, Field(description="只要没有目录的 · only those no entry comes from")] = False
    cursor: Cursor = ""


class InventoryAsked(Asked):
    """Of which department."""

    organisation: OrganisationCode = ""
    cursor: Cursor = ""


def _system(row: InformationSystem) -> shapes.InventorySystemOut:
    return shapes.InventorySystemOut(
        id=str(row.id),
        name=row.name,
        organisation=organisation_ref(row.organisation),
        protection_level=row.protection_level,
        entry_count=getattr(row, "entry_count", 0),
    )


@router.get(
    "/inventories/systems",
    operation_id="listSystemInventory",
    summary="信息系统清单 · systems and their entries",
    **asks(Permission.CATALOG_ENTRY_VIEW, PageOut[shapes.InventorySystemOut], 422),
)
def systems(request: ApiRequest, asked: Query[InventorySystemsAsked]) -> PageOut[shapes.InventorySystemOut]:
    """Return a page of 100 systems of the department, for authority and leaders of the division."""
    number = listing.page_number(SYSTEMS, asked.cursor)
    start = (number - 1) * PAGE_SIZE
    found = inventories.systems(request.auth.actor, only_missing=asked.missing)
    rows = list(found[start : start + PAGE_SIZE + 1])
    following = listing.next_page(SYSTEMS, number, more=len(rows) > PAGE_SIZE)
    return PageOut(rows=[_system(row) for row in rows[:PAGE_SIZE]], next=following)


@router.put(
    "/inventories/systems/{system_id}/entries",
    operation_id="linkSystemEntries",
    summary="登记目录来自哪个系统 · say which entries come from a system",
    **asks(Permission.CATALOG_ENTRY_EDIT, shapes.InventorySystemOut, 404, 415, 422),
)
def link(request: ApiRequest, system_id: SystemId, body: shapes.SystemEntriesIn) -> shapes.InventorySystemOut:
    """Say which of the department's entries come from one of its systems; those left out no longer do."""
    caller = request.auth
    found = inventories.system(caller.actor, system_id)
    actions.link_system(system=found, codes=body.codes, by=caller.actor, now=caller.now)
    return _system(inventories.system(caller.actor, system_id))


@router.get(
    "/inventories/duties",
    operation_id="listDuties",
    summary="责任清单 · what departments can share",
    **asks(Permission.CATALOG_ENTRY_VIEW, PageOut[shapes.DutyOut], 422),
)
def duties(request: ApiRequest, asked: Query[InventoryAsked]) -> PageOut[shapes.DutyOut]:
    """Return a page of 100 lines of the division's 责任清单."""
    caller = request.auth
    number = listing.page_number(DUTIES, asked.cursor)
    start = (number - 1) * PAGE_SIZE
    rows = list(inventories.duties(caller.actor, organisation=asked.organisation)[start : start + PAGE_SIZE + 1])
    lines = inventories.duty_lines(rows[:PAGE_SIZE], civil_date(caller.now), first=start + 1)
    following = listing.next_page(DUTIES, number, more=len(rows) > PAGE_SIZE)
    return PageOut(rows=[shapes.duty_out(line) for line in lines], next=following)


@router.get(
    "/inventories/withheld",
    operation_id="listWithheld",
    summary="负面清单 · what is not shared, and on what law",
    **asks(Permission.CATALOG_ENTRY_VIEW, PageOut[shapes.WithheldOut], 422),
)
def withheld(request: ApiRequest, asked: Query[InventoryAsked]) -> PageOut[shapes.WithheldOut]:
    """Return a page of 100 lines of the division's 负面清单."""
    caller = request.auth
    number = listing.page_number(WITHHELD, asked.cursor)
    start = (number - 1) * PAGE_SIZE
    rows = list(inventories.withheld(caller.actor, organisation=asked.organisation)[start : start + PAGE_SIZE + 1])
    lines = inventories.withheld_lines(rows[:PAGE_SIZE], first=start + 1)
    following = listing.next_page(WITHHELD, number, more=len(rows) > PAGE_SIZE)
    return PageOut(rows=[shapes.withheld_out(line) for line in lines], next=following)
