"""From a connected database to proposed entries: choose tables, say once what holds for all of them."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponseBase, HttpResponseRedirect
from django.utils.translation import gettext as _

from jutong.center.fleet.models import Source
from jutong.center.intake import actions, queries
from jutong.center.intake.describing.table import is_technical
from jutong.center.org.permissions import Permission
from jutong.kernel.errors import JutongError
from jutong.web.door import Visit, form_page
from jutong.web.intake.mapping import ASKED, asked

_TOLD = frozenset({"data_format", "share_attribute", "share_way", "grade"})
"""What the table itself says."""


@form_page(Permission.INTAKE_BATCH_MAKE)
def choose(visit: Visit, name: str) -> HttpResponseBase:
    """Show the tables of a source and propose entries for those that are chosen."""
    source = queries.source_of(visit.actor, name)
    problem: JutongError | None = None
    if visit.is_post:
        chosen = set(visit.request.POST.getlist("table"))
        tables = [(row["schema_name"], row["name"]) for row in source.tables if _key(row) in chosen]
        try:
            made = actions.describe(
                source=source,
                tables=tables,
                defaults=_defaults(visit),
                by=visit.actor,
                now=visit.now,
                sample=visit.request.POST.get("sample") == "1",
            )
        except JutongError as error:
            problem = error
        else:
            return HttpResponseRedirect(f"/manage/imports/{made.id}")
    context = {
        "source": source,
        "tables": _tables(visit, source),
        "asked": [row for row in asked(visit, {}) if row["name"].removeprefix("d_") not in _TOLD],
        "problem": problem,
        "sample": not visit.is_post or visit.request.POST.get("sample") == "1",
    }
    return visit.render("intake/describe.html", context, status=problem.http_status if problem else 200)


def _key(table: dict[str, Any]) -> str:
    return f"{table['schema_name']}|{table['name']}"


def _defaults(visit: Visit) -> dict[str, str]:
    return {name: visit.request.POST.get(f"d_{name}", "") for name in ASKED if name not in _TOLD}


def _tables(visit: Visit, source: Source) -> list[dict[str, Any]]:
    before, profiles = queries.described_tables(source), queries.profiles_of(source)
    bound = queries.bound_tables(source)
    chosen = set(visit.request.POST.getlist("table")) if visit.is_post else None
    rows = []
    for table in source.tables:
        place = (table["schema_name"], table["name"])
        proposed, technical = before.get(place), is_technical(table["name"])
        likely = proposed is None and not technical and place not in bound
        rows.append(
            {
                "key": _key(table),
                "name": table["name"],
                "schema": table["schema_name"],
                "comment": table.get("comment", ""),
                "is_view": table.get("kind") == "view",
                "columns": len(table["columns"]),
                "rows": table["row_estimate"],
                "proposed": proposed,
                "bound": bound.get(place),
                "profile": profiles.get(place),
                "note": _("像是系统自用的表") if technical else "",
                "chosen": _key(table) in chosen if chosen is not None else likely,
            }
        )
    return rows
