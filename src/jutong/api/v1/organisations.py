from __future__ import annotations

from datetime import datetime
from typing import Annotated

from ninja import Path, Query, Router
from pydantic import Field

from jutong.api import listing
from jutong.api.door import ApiRequest, asks
from jutong.api.shapes.common import OrganisationRef, PageOut, organisation_ref
from jutong.api.types import Asked, Cursor, Limit
from jutong.center.org import queries as org
from jutong.center.org.models import Organisation
from jutong.center.org.permissions import Permission

router = Router(tags=["单位 organisations"])
Code = Annotated[str, Path(pattern=r"^[0-9A-Z]{18}$", description="统一社会信用代码 · credit code (GB 32100)")]


class OrganisationOut(OrganisationRef):
    """An organisation that takes part."""

    kind: str
    division_code: str
    line: str
    parent: OrganisationRef | None
    is_authority: bool
    data_office: str
    closed_at: datetime | None


class OrganisationsAsked(Asked):
    """Which organisations."""

    cursor: Cursor = ""
    limit: Limit = 50


class DivisionAsked(OrganisationsAsked):
    """Which organisations, of which division."""

    division: Annotated[str, Field(max_length=12, pattern=r"^[0-9]{0,12}$")] = ""


def organisation_out(row: Organisation) -> OrganisationOut:
    """Return an organisation as answers show it."""
    return OrganisationOut(
        code=row.code,
        name=row.name,
        short_name=row.short_name,
        kind=row.kind,
        division_code=row.division_code,
        line=row.line,
        parent=organisation_ref(row.parent) if row.parent else None,
        is_authority=row.is_authority,
        data_office=row.data_office,
        closed_at=row.closed_at,
    )


@router.get(
    "",
    operation_id="listOrganisations",
    summary="单位列表 · organisations that take part",
    **asks(Permission.ORG_ORGANISATION_VIEW, PageOut[OrganisationOut], 422),
)
def list_organisations(request: ApiRequest, asked: Query[DivisionAsked]) -> PageOut[OrganisationOut]:
    """Return a page of organisations in the order of their codes."""
    rows = org.visible_organisations(request.auth.actor)
    if asked.division:
        rows = rows.filter(division_code=asked.division)
    page = listing.by_key("organisations", rows, "code", cursor=asked.cursor, limit=asked.limit)
    return PageOut(rows=[organisation_out(row) for row in page.rows], next=page.next)


@router.get(
    "/{code}",
    operation_id="getOrganisation",
    summary="一个单位 · one organisation",
    **asks(Permission.ORG_ORGANISATION_VIEW, OrganisationOut, 404, 422),
)
def get_organisation(request: ApiRequest, code: Code) -> OrganisationOut:
    """Return one organisation, closed ones too, because old records name them."""
    return organisation_out(org.organisation(request.auth.actor, code))
