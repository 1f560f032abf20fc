from __future__ import annotations

from jutong.center.norms.subject import Hit, Parameters, Part, Subject, Verdict, World, verdict
from jutong.kernel.i18n import gettext_noop
from jutong.standards.grading import control_findings

_SURE = 0.95


def control_matrix(subject: Subject, world: World, parameters: Parameters) -> Verdict:
    """Grade, attribute, way, openness and each item's mode agree; one mistake in one item is one mistake."""
    found = control_findings(
        subject.grade, subject.share_attribute, subject.share_way, subject.parts, is_open=subject.is_open
    )
    hits = [
        Hit(_named(row.place, subject.parts), row.found, row.message, row.way_out)
        for row in found
        if row.severity == "error"
    ]
    return verdict(1 + len(subject.parts), hits) if subject.grade else verdict(0, [])


def _named(place: str, parts: tuple[Part, ...]) -> str:
    steps = place.split(".")
    return parts[int(steps[1])].name if steps[0] == "items" else ""


def personal_marked(subject: Subject, world: World, parameters: Parameters) -> Verdict:
    """Items that tell of a person are marked so."""
    about = [part for part in subject.parts if _is_one_of(part, world, parameters)]
    hits = [
        Hit(part.name, part.name, gettext_noop("没有标明是个人信息"), gettext_noop("请勾选“是否个人信息”并核对级别"))
        for part in about
        if not (part.is_personal or part.is_sensitive)
    ]
    return verdict(len(about), hits)


def sensitive_marked(subject: Subject, world: World, parameters: Parameters) -> Verdict:
    """Items of the closed list of sensitive personal information are marked so."""
    about = [part for part in subject.parts if _is_one_of(part, world, parameters)]
    hits = [
        Hit(
            part.name,
            part.name,
            gettext_noop("没有标明是敏感个人信息"),
            gettext_noop("请勾选“是否敏感个人信息”并核对级别"),
        )
        for part in about
        if not part.is_sensitive
    ]
    return verdict(len(about), hits)


def _is_one_of(part: Part, world: World, parameters: Parameters) -> bool:
    """Tell whether an item is of one of the elements: as it says itself, or beyond doubt by its name."""
    if part.element:
        return part.element in parameters["elements"]
    found = world.matcher.match(part.name)
    return bool(found) and found[0].confidence >= _SURE and found[0].code in parameters["elements"]


CHECKS = (control_matrix, personal_marked, sensitive_marked)
