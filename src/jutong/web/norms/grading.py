"""定级向导: which level follows from harm, persons and size, and what the level asks."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jutong.center.catalog.enums import FieldMode, ShareAttribute, ShareWay
from jutong.center.org.permissions import Permission
from jutong.standards import grading
from jutong.standards import grading_schemes as schemes
from jutong.web.door import Visit, page
from jutong.web.norms.rules import spoken

OBJECTS = {
    "national-security": gettext_lazy("国家安全"),
    "economy": gettext_lazy("经济运行"),
    "social-order": gettext_lazy("社会秩序"),
    "public-interest": gettext_lazy("公共利益"),
    "organisation": gettext_lazy("组织权益"),
    "person": gettext_lazy("个人权益"),
}
DEGREES = (
    ("none", gettext_lazy("没有危害")),
    ("ordinary", gettext_lazy("一般危害")),
    ("serious", gettext_lazy("严重危害")),
    ("extreme", gettext_lazy("特别严重危害")),
)
TRANSPORT = {"tls": gettext_lazy("TLS"), "national-cryptography": gettext_lazy("国密"), "": gettext_lazy("不适用")}
AT_REST = {
    "none": gettext_lazy("无"),
    "encrypted-columns": gettext_lazy("加密列"),
    "encrypted": gettext_lazy("加密"),
    "encrypted-isolated": gettext_lazy("加密并隔离"),
    "": gettext_lazy("不适用"),
}
REQUIRES = {
    "security-assessment": gettext_lazy("安全评估"),
    "risk-assessment": gettext_lazy("风险评估"),
    "authority-informed": gettext_lazy("告知主管部门"),
}


@page(Permission.NORMS_NORM_VIEW)
def guide(visit: Visit) -> HttpResponseBase:
    """Decide a level from what was answered and show the matrix."""
    asked = visit.request.GET
    effects = {code: asked.get(code, "none") for code in grading.objects()}
    known = {degree for degree, _label in DEGREES}
    harms = {code: degree if degree in known else "none" for code, degree in effects.items()}
    tag = asked.get("tag", "none") if asked.get("tag", "none") in grading.personal_tags() else "none"
    persons, sensitive = _count(asked.get("persons", "")), _count(asked.get("sensitive", ""))
    scheme = schemes.schemes().get(asked.get("scheme", "")) or next(iter(schemes.schemes().values()))
    context = {
        "objects": [(code, OBJECTS[code], harms[code]) for code in grading.objects()],
        "degrees": DEGREES,
        "tags": [(row.code, spoken(row.label, row.label_en)) for row in grading.personal_tags().values()],
        "tag": tag,
        "persons": persons or "",
        "sensitive": sensitive or "",
        "schemes": [(row.id, spoken(row.label, row.label_en)) for row in schemes.schemes().values()],
        "scheme": scheme,
        "decided": _decide(harms, tag, persons, sensitive, scheme) if "tag" in asked else None,
        "matrix": [_row(row, scheme) for row in grading.grades().values()],
        "verified": grading.floors().verified,
    }
    return visit.render("norms/grading.html", context)


def _decide(harms: dict[str, Any], tag: str, persons: int, sensitive: int, scheme: schemes.Scheme) -> dict[str, Any]:
    """Return the level and each step that led to it."""
    by_harm = grading.decide(harms)
    floor = grading.grade(grading.personal_tags()[tag].floor)
    content = grading.highest([by_harm.code, floor.code])
    final = schemes.raised(content.code, persons=persons, sensitive_persons=sensitive)
    steps = [(_("按危害对象和程度"), by_harm)]
    if floor.rank > by_harm.rank:
        steps.append((_("个人信息的参考最低级别"), floor))
    if final.rank > content.rank:
        steps.append((_("数据规模提升"), final))
    told = [(why, spoken(level.label, level.label_en)) for why, level in steps]
    return {"row": _row(final, scheme), "steps": told, "clause": grading.personal_tags()[tag].clause}


def _row(level: grading.Grade, scheme: schemes.Scheme) -> dict[str, Any]:
    local = scheme.local(level.code)
    return {
        "grade": level,
        "label": spoken(level.label, level.label_en),
        "local": f"{local.code} {spoken(local.label, local.label_en)}" if scheme.id != "gbt-43697" else "",
        "attributes": [str(ShareAttribute(code).label) for code in level.share_attributes],
        "ways": [str(ShareWay(code).label) for code in level.share_ways],
        "widest": FieldMode(level.widest_mode).label,
        "default": FieldMode(level.default_mode).label,
        "transport": TRANSPORT[level.transport],
        "at_rest": AT_REST[level.at_rest],
        "requires": [str(REQUIRES[code]) for code in level.requires],
    }


def _count(text: str) -> int:
    clean = text.strip()
    return int(clean) if clean.isascii() and clean.isdigit() and len(clean) <= len("1000000000") else 0
