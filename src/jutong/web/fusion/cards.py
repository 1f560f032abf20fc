"""模型卡: how the records of a table are brought together, what was learnt, and how well it does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponseBase
from django.utils.translation import gettext as _

from jutong.center.fusion import queries
from jutong.center.library import queries as library
from jutong.center.library.definitions import definition_of
from jutong.center.org.permissions import Permission
from jutong.contracts.linkage import Preparation
from jutong.library.linkage.levels import words
from jutong.library.linkage.spec import shipped
from jutong.web.door import Visit, page
from jutong.web.fusion.words import CAUSES

PERCENT = 100
BAR = 3.0
"""Percent of a bar's width for one bit of weight."""


@page(Permission.LIBRARY_LIBRARY_VIEW)
def card(visit: Visit, code: str, name: str) -> HttpResponseBase:
    """Show the model card of the newest fusion, or of an older version of the model."""
    table = library.table_named(visit.actor, code, name)
    works = queries.cards(visit.actor, table)
    wanted = visit.request.GET.get("version", "")
    work = next((one for one in works if _version(one.result) == wanted), works[0] if works else None)
    titles = {field.name: field.title for field in definition_of(table).fields}
    found: Mapping[str, Any] = work.result["card"] if work is not None else {}
    context = {
        "table": table,
        "here": f"/library/tables/{table.library.code}/{table.name}",
        "work": work,
        "card": found,
        "versions": [(_version(one.result), one.finished_at) for one in works],
        "comparisons": _comparisons(found, table.definition.get("entity", ""), titles),
        "histogram": _histogram(found),
        "reviews": [(CAUSES.get(cause, cause), count) for cause, count in found.get("reviews", ())],
        "precision": _share(found.get("precision", -1.0)),
        "recall": _share(found.get("recall", -1.0)),
    }
    return visit.render("fusion/card.html", context)


def _version(result: Mapping[str, Any]) -> str:
    return str(result["card"].get("model", {}).get("version", ""))


def _share(value: float) -> str:
    return f"{value * PERCENT:.2f}%" if value >= 0 else ""


def _preparations(entity: str) -> Mapping[str, Preparation]:
    try:
        return {field.name: field.preparation for field in shipped(entity).fields}
    except KeyError:
        return {}


def _comparisons(
    found: Mapping[str, Any], entity: str, titles: Mapping[str, str]
) -> list[tuple[str, list[dict[str, Any]]]]:
    rows, prepared = [], _preparations(entity)
    for comparison in found.get("model", {}).get("comparisons", ()):
        field = comparison["field"]
        levels = [
            {
                "label": _(words(prepared[field], level["code"])) if field in prepared else level["code"],
                "m": f"{level['m'] * PERCENT:.2f}",
                "u": f"{level['u'] * PERCENT:.4f}",
                "weight": f"{level['weight']:+.1f}",
                "width": f"{min(PERCENT, abs(level['weight']) * BAR):.0f}",
                "tone": "ok" if level["weight"] >= 0 else "bad",
            }
            for level in comparison["levels"]
        ]
        rows.append((titles.get(field, field), levels))
    return rows


def _histogram(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the bars of the weights, each in the column of what becomes of such pairs."""
    match, review = found.get("match", 0.0), found.get("review", 0.0)
    bars = []
    for bar in found.get("histogram", ()):
        at, pairs = bar["start"], bar["pairs"]
        place = "match" if at >= match else "review" if at >= review else "no"
        bars.append({"start": f"{at:g}", "match": "", "review": "", "no": "", place: pairs})
    return bars
