"""规范 documents, and the rules that run."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponseBase
from django.utils.translation import get_language, gettext

from jutong.center.org.permissions import Permission
from jutong.standards import norms
from jutong.web.door import Visit, page


def spoken(chinese: str, english: str) -> str:
    """Return the wording of a data file in the language of whoever is served."""
    return english if (get_language() or "").startswith("en") else chinese


@page(Permission.NORMS_NORM_VIEW)
def documents(visit: Visit) -> HttpResponseBase:
    """Show the laws, standards and policies the platform follows, and what each binds."""
    asked = visit.request.GET.get("binds", "")
    rules: dict[str, int] = {}
    for rule in norms.norms().values():
        rules[rule.document] = rules.get(rule.document, 0) + 1
    rows = [
        {
            "row": row,
            "title": spoken(row.title, row.title_en),
            "kind": gettext(norms.KINDS[row.kind]),
            "status": gettext(norms.STATES[row.status]),
            "binds": [gettext(norms.AREAS[area]) for area in row.binds],
            "rules": rules.get(row.id, 0),
        }
        for row in norms.documents().values()
        if not asked or asked in row.binds
    ]
    areas = [("", gettext("全部")), *((code, gettext(label)) for code, label in norms.AREAS.items())]
    return visit.render("norms/documents.html", {"rows": rows, "areas": areas, "asked": asked})


@page(Permission.NORMS_NORM_VIEW)
def listing(visit: Visit) -> HttpResponseBase:
    """Show every executable rule by family, with clause, version and weight."""
    document = visit.request.GET.get("document", "")
    groups: list[dict[str, Any]] = [
        {
            "family": family,
            "label": spoken(family.label, family.label_en),
            "rules": [
                {"row": rule, "title": spoken(rule.title, rule.title_en)}
                for rule in norms.norms().values()
                if rule.family == family.code and (not document or rule.document == document)
            ],
        }
        for family in norms.families().values()
    ]
    context = {
        "groups": [group for group in groups if group["rules"]],
        "version": norms.version(),
        "document": norms.documents().get(document),
    }
    return visit.render("norms/rules.html", context)
