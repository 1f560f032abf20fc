from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.http import HttpResponseBase, StreamingHttpResponse
from django.utils.translation import gettext as _

from jutong.center.lineage import reading
from jutong.center.lineage.graph import Graph, Place, Tie
from jutong.center.org.permissions import Permission
from jutong.center.ownership.sheets import csv_bytes
from jutong.web.door import Visit, page
from jutong.web.lineage.drawing import columns
from jutong.web.ownership.files import CSV

MOST_STEPS = 4
MOST_SHOWN = 100
"""Ties listed on the page; all are in the file."""


@page(Permission.CATALOG_ENTRY_VIEW)
def picture(visit: Visit) -> HttpResponseBase:
    """Follow a place's fields to where they come from and where they go."""
    return visit.render("lineage/picture.html", _picture(visit, visit.request.GET.get("at", "")))


@page(Permission.CATALOG_ENTRY_VIEW)
def of_entry(visit: Visit, code: str) -> HttpResponseBase:
    """Follow an entry's fields."""
    return visit.render("lineage/picture.html", _picture(visit, f"entry:{code}"))


@page(Permission.CATALOG_ENTRY_VIEW)
def impact(visit: Visit) -> HttpResponseBase:
    """Say who is hit when a place, or one of its fields, changes or stops."""
    return _impact(visit, visit.request.GET.get("at", ""))


@page(Permission.CATALOG_ENTRY_VIEW)
def impact_of_entry(visit: Visit, code: str) -> HttpResponseBase:
    """Say who is hit when an entry, or one of its fields, changes or stops."""
    return _impact(visit, f"entry:{code}")


@page(Permission.CATALOG_ENTRY_VIEW)
def export(visit: Visit) -> HttpResponseBase:
    """Give every tie of the picture as a CSV file."""
    graph = _graph(visit, visit.request.GET.get("at", ""))
    heads = [_("从"), _("部门"), _("字段"), _("到"), _("部门"), _("字段"), _("变化"), _("凭据"), _("时间"), _("地址")]
    response = StreamingHttpResponse(csv_bytes(heads, _rows(graph)), content_type=CSV)
    response.headers["Content-Disposition"] = 'attachment; filename="lineage.csv"'
    return response


def _steps(visit: Visit, name: str) -> int:
    text = visit.request.GET.get(name, "1")
    return min(int(text), MOST_STEPS) if text.isascii() and text.isdigit() and len(text) < 3 else 1  # noqa: PLR2004


def _names(visit: Visit) -> list[str]:
    return [name for name in (visit.request.GET.get("field", ""),) if name]


def _graph(visit: Visit, at: str) -> Graph:
    up, down = _steps(visit, "up"), _steps(visit, "down")
    return reading.picture(visit.actor, at, names=_names(visit), up=up, down=down, now=visit.now)


def _picture(visit: Visit, at: str) -> dict[str, Any]:
    graph = _graph(visit, at)
    drawn = columns(graph, opened=visit.request.GET.get("open", ""))
    ties = graph.within()
    up, down = _steps(visit, "up"), _steps(visit, "down")
    return {
        "graph": graph,
        "columns": drawn,
        "up": sum(len(one.boxes) for one in drawn if one.steps < 0),
        "down": sum(len(one.boxes) for one in drawn if one.steps > 0),
        "shown": [_shown(graph, tie) for tie in ties[:MOST_SHOWN]],
        "more": len(ties) - MOST_SHOWN,
        "up_steps": up,
        "down_steps": down,
        "wider": visit.query(up=min(up + 1, MOST_STEPS), down=min(down + 1, MOST_STEPS))
        if max(graph.depth("up") - up, graph.depth("down") - down) == 0 and max(up, down) < MOST_STEPS
        else "",
        "narrower": visit.query(up=None, down=None, open=None) if max(up, down) > 1 else "",
        "file": f"/lineage/export{visit.query(at=at)}",
        "impact_query": visit.query(at=at, up=None, down=None, open=None),
        **_fields(visit, graph.places[graph.start]),
    }


def _fields(visit: Visit, start: Place) -> dict[str, Any]:
    return {
        "start": start,
        "start_fields": [(name, start.called(name)) for name in start.fields],
        "field": next(iter(_names(visit)), ""),
        "at": visit.request.GET.get("at", ""),
        "path": visit.request.path,
    }


def _shown(graph: Graph, tie: Tie) -> dict[str, Any]:
    before, after = graph.places[tie.before], graph.places[tie.after]
    pairs = [(before.called(pair.before), after.called(pair.after), pair) for pair in tie.pairs]
    return {"before": before, "after": after, "pairs": pairs, "evidence": tie.evidence}


def _rows(graph: Graph) -> Iterator[list[str]]:
    for tie in graph.within():
        before, after, evidence = graph.places[tie.before], graph.places[tie.after], tie.evidence
        at = evidence.at.isoformat(timespec="seconds") if evidence.at else ""
        for pair in tie.pairs:
            done = _("已脱敏") if pair.is_masked else _("有转换") if pair.is_changed else _("原样")
            ends = [
                str(before.title), before.owner, before.called(pair.before),
                str(after.title), after.owner, after.called(pair.after),
            ]  # fmt: skip
            yield [*ends, done, str(evidence.label), at, evidence.address]


def _impact(visit: Visit, at: str) -> HttpResponseBase:
    found = reading.impact(visit.actor, at, names=_names(visit), now=visit.now)
    grants = dict.fromkeys(grant.id for hit in found.departments for grant in hit.grants)
    context = {
        "impact": found,
        "grants": list(grants),
        "picture_query": visit.query(at=at),
        **_fields(visit, found.start),
    }
    return visit.render("lineage/impact.html", context)
