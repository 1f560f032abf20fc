from __future__ import annotations

from jutong.center.norms.subject import Hit, Parameters, Subject, Verdict, World, recognised, verdict
from jutong.kernel.i18n import gettext_noop


def known_elements(subject: Subject, world: World, parameters: Parameters) -> Verdict:
    """What an item refers to is in force."""
    tied = [part for part in subject.parts if part.element]
    hits = [
        Hit(part.name, part.element, gettext_noop("数据元没有发布或已废止"), gettext_noop("请改用现行的数据元"))
        for part in tied
        if world.matcher.element(part.element) is None
    ]
    return verdict(len(tied), hits)


def known_tables(subject: Subject, world: World, parameters: Parameters) -> Verdict:
    """A code table that is named is registered here."""
    coded = [part for part in subject.parts if part.code_table]
    hits = [
        Hit(
            part.name,
            part.code_table,
            gettext_noop("没有登记这个代码表"),
            gettext_noop("请选已登记的代码表，或先登记它"),
        )
        for part in coded
        if part.code_table not in world.code_tables
    ]
    return verdict(len(coded), hits)


def element_table(subject: Subject, world: World, parameters: Parameters) -> Verdict:
    """An item of a coded element says which table its codes come from."""
    hits, checked = [], 0
    for part in subject.parts:
        element = world.matcher.element(part.element) if part.element else None
        if element is None or not element.code_table:
            continue
        checked += 1
        if not part.code_table:
            message = gettext_noop("没有写明代码表")
            hits.append(Hit(part.name, element.code_table, message, gettext_noop("请写数据元所用的代码表")))
    return verdict(checked, hits)


def tied_items(subject: Subject, world: World, parameters: Parameters) -> Verdict:
    """An item that is beyond doubt an element says so."""
    hits, checked = [], 0
    for part in subject.parts:
        found = recognised(part, world, parameters["sure"])
        if found is None:
            continue
        checked += 1
        if not part.element:
            message = gettext_noop("没有对应到数据元")
            hits.append(Hit(part.name, f"{found.code} {found.name}", message, gettext_noop("请在数据元一栏填上")))
    return verdict(checked, hits)


CHECKS = (known_elements, known_tables, element_table, tied_items)
