"""Editions of the compilation template, and their JSON Schema."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from ninja import Path, Router

from jutong.api.door import ApiRequest, asks
from jutong.api.shapes.common import PageOut
from jutong.api.types import Out
from jutong.center.catalog import template
from jutong.center.org.permissions import Permission
from jutong.kernel.clock import civil_date
from jutong.standards.template_schema import json_schema

router = Router(tags=["编制模板 templates"])
Key = Annotated[
    str,
    Path(pattern=r"^[a-z][a-z0-9-]{0,62}(\.[0-9]{1,4})?$", description="模板，可带版本 · id, or id.version"),
]


class TemplateOut(Out):
    """An edition of the template. ``loaded_at`` is empty for one that ships with the platform."""

    key: str
    id: str
    version: int
    title: str
    title_en: str
    base: str
    division: str
    effective_from: date
    fields: int
    extensions: list[str]
    is_in_force: bool
    loaded_at: datetime | None


@router.get(
    "/templates",
    operation_id="listTemplates",
    summary="编制模板 · editions of the template",
    **asks(Permission.CATALOG_ENTRY_VIEW, PageOut[TemplateOut]),
)
def list_templates(request: ApiRequest) -> PageOut[TemplateOut]:
    """Return every edition, with the one in force for the caller's division marked."""
    caller = request.auth
    rows = template.editions(caller.actor, civil_date(caller.now))
    return PageOut(rows=[_template_out(row) for row in rows], next="")


@router.get(
    "/templates/{key}",
    operation_id="getTemplateSchema",
    summary="模板的JSON Schema · the JSON Schema of an edition",
    **asks(Permission.CATALOG_ENTRY_VIEW, dict[str, Any], 404, 422),
)
def get_schema(request: ApiRequest, key: Key) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a complete entry under an edition."""
    return json_schema(template.edition(key))


def _template_out(row: template.EditionRow) -> TemplateOut:
    found = row.edition
    return TemplateOut(
        key=found.key,
        id=found.id,
        version=found.version,
        title=found.title,
        title_en=found.title_en,
        base=found.base,
        division=found.division,
        effective_from=found.effective_from,
        fields=len(found.fields),
        extensions=[field.id for field in found.extensions],
        is_in_force=row.is_in_force,
        loaded_at=row.loaded_at,
    )
