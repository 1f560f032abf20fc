"""模型卡: how the records of a table are brought together, what was learnt, and how well it does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponseBase

from jutong.center.fusion import queries
from jutong.center.library import queries as library
from jutong.center.library.definitions import definition_of
from jutong.center.org.permissions import Permission
from jutong.web.door import Visit, page
from jutong.web.fusion.words import CAUSES, LEVELS

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
        "comparisons": _comparisons(found, titles),
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


def _comparisons(found: Mapping[str, Any], titles: Mapping[str, str]) -> list[tuple[str, list[dict[str, Any]]]]:
    rows = []
    for comparison in found.get("model", {}).get("comparisons", ()):
        levels = [
            {
                "label": LEVELS.get(level["code"], level["code"]),
                "m": f"{level['m'] * PERCENT:.2f}",
                "u": f"{level['u'] * PERCENT:.4f}",
                "weight": f"{level['weight']:+.1f}",
                "width": f"{min(PERCENT, abs(level['weight']) * BAR):.0f}",
                "tone": "ok" if level["weight"] >= 0 else "bad",
            }
            for level in comparison["levels"]
        ]
        rows.append((titles.get(comparison["field"], comparison["field"]), levels))
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
