"""Looks whether a definition can be what a library is built by, and says everything that is wrong with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from jutong.contracts.library import FieldDefinition, LibraryDefinition, TableDefinition
from jutong.kernel.i18n import gettext_noop
from jutong.library.definitions.errors import DefinitionUnfitError, ElementUndefinedError, KeyNoFieldError
from jutong.library.definitions.load import TYPES
from jutong.standards import code_tables, lists
from jutong.standards import elements as shipped_elements
from jutong.standards.elements import Element
from jutong.standards.grading import GradeUnknownError, grade

CYCLES = "update-cycle"
MOST_DIGITS = 38
MOST_DAYS = 36_500
_SAME = {"text": {"text"}, "integer": {"integer", "decimal"}, "decimal": {"decimal", "integer"}, "date": {"date"},
         "instant": {"instant", "date"}, "boolean": {"boolean", "text"}}  # fmt: skip
"""Types a field may have whose element has this one."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: where, what of it, what was found and what is allowed."""

    kind: type[DefinitionUnfitError]
    place: str
    what: str
    found: str
    allowed: str

    def error(self) -> DefinitionUnfitError:
        """Return it as the error it is."""
        return self.kind(place=self.place, what=self.what, found=self.found, allowed=self.allowed)


def require(
    definition: LibraryDefinition,
    *,
    elements: Iterable[Element] | None = None,
    tables: Collection[str] | None = None,
) -> LibraryDefinition:
    """Return a definition that is fit.

    Args:
        definition: to be looked at.
        elements: the data elements in force; without them the shipped ones.
        tables: the code tables there are; without them the shipped ones.

    Raises:
        ElementUndefinedError, KeyNoFieldError, DefinitionUnfitError: naming the first thing that is wrong.
    """
    for problem in problems(definition, elements=elements, tables=tables):
        raise problem.error()
    return definition


def problems(
    definition: LibraryDefinition,
    *,
    elements: Iterable[Element] | None = None,
    tables: Collection[str] | None = None,
) -> tuple[Problem, ...]:
    """Return all that is wrong with a definition; see :func:`require`."""
    known = {one.code: one for one in (shipped_elements.shipped() if elements is None else elements)}
    codes = {one.key for one in code_tables.shipped()} if tables is None else set(tables)
    found = [*_of_library(definition)]
    for table in definition.tables:
        found += _of_table(definition.code, table)
        for field in table.fields:
            found += _of_field(f"{definition.code}.{table.name}.{field.name}", field, known, codes)
    return tuple(found)


def _of_library(definition: LibraryDefinition) -> Iterator[Problem]:
    if not definition.tables:
        yield _unfit(definition.code, gettext_noop("表"), "", gettext_noop("至少一张表"))
    yield from _repeated(definition.code, gettext_noop("表名"), (table.name for table in definition.tables))
    try:
        date.fromisoformat(definition.effective_from)
    except ValueError:
        yield _unfit(definition.code, gettext_noop("生效日期"), definition.effective_from, "YYYY-MM-DD")


def _of_table(code: str, table: TableDefinition) -> Iterator[Problem]:
    place, names = f"{code}.{table.name}", [field.name for field in table.fields]
    yield from _repeated(place, gettext_noop("字段名"), names)
    if not table.keys:
        yield Problem(KeyNoFieldError, place, gettext_noop("主键"), "", "、".join(names))
    for key in table.keys:
        if key not in names:
            yield Problem(KeyNoFieldError, place, gettext_noop("主键"), key, "、".join(names))
    cycles = {value.code for value in lists.all_lists()[CYCLES].values}
    if table.cycle not in cycles:
        yield _unfit(place, gettext_noop("更新周期"), table.cycle, "、".join(sorted(cycles)))
    if not 1 <= table.retention_days <= MOST_DAYS:
        yield _unfit(place, gettext_noop("保存天数"), str(table.retention_days), f"1-{MOST_DAYS}")
    if table.kind == "entity" and not table.entity:
        yield _unfit(place, gettext_noop("主体类型"), "", gettext_noop("融合表要说明是谁的表"))


def _of_field(
    place: str, field: FieldDefinition, known: dict[str, Element], codes: Collection[str]
) -> Iterator[Problem]:
    element = known.get(field.element)
    if field.element and (element is None or not element.definition.strip()):
        yield Problem(ElementUndefinedError, place, gettext_noop("数据元"), field.element, "")
    if element is not None and element.definition.strip() and field.type not in _SAME[TYPES[element.data_type]]:
        allowed = "、".join(sorted(_SAME[TYPES[element.data_type]]))
        yield _unfit(place, gettext_noop("类型"), field.type, allowed)
    if field.codes and field.codes not in codes:
        yield _unfit(place, gettext_noop("代码表"), field.codes, gettext_noop("代码表库中的表"))
    if field.type == "decimal" and not 0 <= field.scale <= field.length <= MOST_DIGITS:
        yield _unfit(place, gettext_noop("长度"), f"{field.length},{field.scale}", f"≤ {MOST_DIGITS}")
    try:
        grade(field.grade)
    except GradeUnknownError as error:
        yield _unfit(place, gettext_noop("分级"), field.grade, str(error.fields.get("allowed", "")))


def _repeated(place: str, what: str, names: Iterable[str]) -> Iterator[Problem]:
    for name, count in Counter(names).items():
        if count > 1:
            yield _unfit(place, what, name, gettext_noop("不得重复"))


def _unfit(place: str, what: str, found: str, allowed: str) -> Problem:
    return Problem(DefinitionUnfitError, place, what, found, allowed)
