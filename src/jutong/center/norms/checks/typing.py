from __future__ import annotations

from jutong.center.norms.subject import Hit, Parameters, Subject, Verdict, World, verdict
from jutong.kernel.i18n import gettext_noop
from jutong.standards.elements import FAMILIES


def lengths(subject: Subject, world: World, parameters: Parameters) -> Verdict:
    """Types that have a length state it."""
    typed = [part for part in subject.parts if part.data_type in parameters["types"]]
    hits = [
        Hit(part.name, part.data_type, gettext_noop("没有写明长度"), gettext_noop("请写最长的值有多少位"))
        for part in typed
        if not part.length
    ]
    return verdict(len(typed), hits)


def element_type(subject: Subject, world: World, parameters: Parameters) -> Verdict:
    """An item holds the sort of value its element does."""
    hits, checked = [], 0
    for part in subject.parts:
        element = world.matcher.element(part.element) if part.element else None
        if element is None or not part.data_type:
            continue
        checked += 1
        if FAMILIES.get(part.data_type) != FAMILIES.get(element.data_type):
            message = gettext_noop("类型与数据元不一致")
            way_out = gettext_noop("请改成数据元的类型，或核对是不是这个数据元")
            hits.append(Hit(part.name, f"{part.data_type} / {element.data_type}", message, way_out))
    return verdict(checked, hits)


def element_length(subject: Subject, world: World, parameters: Parameters) -> Verdict:
    """An item is not shorter than the values of its element."""
    hits, checked = [], 0
    for part in subject.parts:
        element = world.matcher.element(part.element) if part.element else None
        if element is None or element.length is None or not part.length or not element.pattern:
            continue
        checked += 1
        if part.length < element.length:
            message = gettext_noop("长度放不下数据元的值")
            hits.append(
                Hit(part.name, f"{part.length} / {element.length}", message, gettext_noop("请把长度改为不短于数据元"))
            )
    return verdict(checked, hits)


def telling_names(subject: Subject, world: World, parameters: Parameters) -> Verdict:
    """What a name says of the sort of value is true."""
    hits, checked = [], 0
    for part in subject.parts:
        wanted = next((kind for end, kind in parameters["endings"].items() if part.name.endswith(end)), "")
        family = FAMILIES.get(part.data_type, "")
        if not wanted or not family:
            continue
        checked += 1
        if family != wanted:
            message = gettext_noop("名称说的与数据类型不符")
            hits.append(Hit(part.name, part.data_type, message, gettext_noop("请改用日期型、数值型等相应的类型")))
    return verdict(checked, hits)


CHECKS = (lengths, element_type, element_length, telling_names)
