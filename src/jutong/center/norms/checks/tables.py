from __future__ import annotations

import re

from jutong.center.norms.subject import Hit, Parameters, Part, Subject, Verdict, World, verdict
from jutong.kernel.i18n import gettext_noop
from jutong.standards.elements import FAMILIES, ElementMatch

_CHINESE = re.compile(r"[\u3400-\u9fff]")
_COLUMN = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


def commented(subject: Subject, world: World, parameters: Parameters) -> Verdict:
    """A table's comment says in Chinese what it holds."""
    hit = Hit("", subject.comment, gettext_noop("表没有中文说明"), gettext_noop("请在数据库里给表加注释"))
    return verdict(1, [] if _CHINESE.search(subject.comment) else [hit])


def columns_commented(subject: Subject, world: World, parameters: Parameters) -> Verdict:
    """Every column's comment says in Chinese what it holds."""
    hits = [
        Hit(part.name, part.comment, gettext_noop("列没有中文说明"), gettext_noop("请在数据库里给列加注释"))
        for part in subject.parts
        if not _CHINESE.search(part.comment)
    ]
    return verdict(len(subject.parts), hits)


def column_names(subject: Subject, world: World, parameters: Parameters) -> Verdict:
    """Column names can be written without quotes in any database."""
    hits = [
        Hit(part.name, part.name, gettext_noop("列名的写法不对"), gettext_noop("请用小写字母、数字和下划线"))
        for part in subject.parts
        if not _COLUMN.fullmatch(part.name)
    ]
    return verdict(len(subject.parts), hits)


def keyed(subject: Subject, world: World, parameters: Parameters) -> Verdict:
    """A table without a key cannot tell one row from its copy."""
    has_key = any(part.is_key for part in subject.parts)
    hit = Hit("", "", gettext_noop("表没有主键"), gettext_noop("请在数据库里建主键"))
    return verdict(1, [] if has_key else [hit])


def element_types(subject: Subject, world: World, parameters: Parameters) -> Verdict:
    """A column that holds an element has the sort of type the element asks."""
    hits, checked = [], 0
    for part in subject.parts:
        found = _element(part, world, parameters)
        if found is None or not part.family:
            continue
        checked += 1
        wanted = FAMILIES.get(found.data_type, "")
        if part.family != wanted and {part.family, wanted} != {"number", "L"}:
            message = gettext_noop("列的类型与数据元不一致")
            hits.append(
                Hit(part.name, f"{part.data_type} / {found.name}", message, gettext_noop("请按数据元改列的类型"))
            )
    return verdict(checked, hits)


def filled(subject: Subject, world: World, parameters: Parameters) -> Verdict:
    """Columns are filled in the sample, as far as a sample was taken."""
    sample = subject.sample
    if sample is None or not sample.sampled:
        return verdict(0, [])
    seen = [part for part in subject.parts if part.name in sample.filled]
    hits = [
        Hit(
            part.name,
            f"{sample.filled[part.name]} / {sample.sampled}",
            gettext_noop("空值太多"),
            gettext_noop("请补齐数据，或说明为什么可以为空"),
        )
        for part in seen
        if sample.filled[part.name] < parameters["least"] * sample.sampled
    ]
    return verdict(len(seen), hits)


def forms(subject: Subject, world: World, parameters: Parameters) -> Verdict:
    """Sampled values of an element whose form is known have that form."""
    hits, checked = [], 0
    for part in subject.parts:
        found = _element(part, world, parameters)
        pattern = parameters["patterns"].get(found.code) if found else None
        values = subject.sample.filled.get(part.name, 0) if subject.sample else 0
        if subject.sample is None or pattern is None or not values:
            continue
        checked += 1
        fitting = subject.sample.patterns.get(part.name, {}).get(pattern, 0)
        if fitting < parameters["least"] * values:
            message = gettext_noop("有的值不符合数据元的格式")
            hits.append(Hit(part.name, f"{fitting} / {values}", message, gettext_noop("请清理不合格式的值")))
    return verdict(checked, hits)


def _element(part: Part, world: World, parameters: Parameters) -> ElementMatch | None:
    found = world.matcher.match(part.name, comment=part.comment)
    return found[0] if found and found[0].confidence >= parameters["sure"] else None


CHECKS = (commented, columns_commented, column_names, keyed, element_types, filled, forms)
