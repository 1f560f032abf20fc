"""Reading the document of a template's edition: its form, what it refers to, and that it never loosens its base."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from functools import lru_cache
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop
from jutong.standards.classification import ClassNode, with_local
from jutong.standards.lists import ListValue
from jutong.standards.shipped import read_json
from jutong.standards.template import (
    CORE,
    SHIPPED,
    Condition,
    FieldGroup,
    Kind,
    Obligation,
    Place,
    Severity,
    TemplateEdition,
    TemplateField,
    values_of,
)
from jutong.standards.template_loosening import DocumentFault, TemplateLoosenedError, less

_ID = r"^[a-z][a-z0-9-]{0,62}$"
_FIELD_ID = r"^[a-z][a-z0-9_]{0,62}$"
_NEEDED = ("name", "classification")
MOST_FIELDS = 200
_CHANGEABLE = frozenset(
    {"obligation", "length", "values", "when", "empty_when", "help", "help_en", "severity", "clause", "rule"}
)


class TemplateInvalidError(JutongError):
    """An edition's document does not hold together."""

    code = "standards.template.invalid"
    http_status = 422
    message = gettext_noop("模板文件有{count}处不对，第一处在{place}：{found}；{allowed}。")
    next_step = gettext_noop("请按编制模板的格式改正后重新装入；现行模板没有变。")


class TemplateUnknownError(JutongError):
    """No edition has this id."""

    code = "standards.template.unknown"
    http_status = 404
    message = gettext_noop("没有模板版本“{found}”，已有：{known}。")
    next_step = gettext_noop("请核对模板版本；新的模板要先装入。")


class _Doc(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


Line = Annotated[str, Field(min_length=1, max_length=128)]


class _ValueDoc(_Doc):
    code: Annotated[str, Field(min_length=1, max_length=32)]
    label: Line
    label_en: Line


class _ConditionDoc(_Doc):
    field: Annotated[str, Field(pattern=_FIELD_ID)]
    among: Annotated[tuple[str, ...] | None, Field(alias="in", min_length=1)] = None
    not_among: Annotated[tuple[str, ...] | None, Field(alias="not_in", min_length=1)] = None


class _FieldDoc(_Doc):
    id: Annotated[str, Field(pattern=_FIELD_ID)]
    label: Line | None = None
    label_en: Line | None = None
    place: Place = "entry"
    kind: Kind | None = None
    obligation: Obligation | None = None
    group: Annotated[str, Field(max_length=64)] | None = None
    length: Annotated[int, Field(ge=1, le=100_000)] | None = None
    list_id: Annotated[str, Field(alias="list", max_length=64)] = ""
    values: Annotated[list[_ValueDoc], Field(min_length=1, max_length=500)] | None = None
    clause: Annotated[str, Field(max_length=128)] = ""
    rule: Annotated[str, Field(pattern=r"^VC-\d\d$")] = "VC-00"
    when: _ConditionDoc | None = None
    empty_when: _ConditionDoc | None = None
    help: Annotated[str, Field(max_length=200)] = ""
    help_en: Annotated[str, Field(max_length=200)] = ""
    severity: Severity = "error"
    at_most: Annotated[str, Field(max_length=64)] = ""
    filled: bool = False


class _GroupDoc(_Doc):
    id: Annotated[str, Field(pattern=_FIELD_ID)]
    label: Line
    label_en: Line
    step: Literal["basic", "items", "sharing", "grading"]


class _ClassDoc(_Doc):
    code: Annotated[str, Field(max_length=32)]
    label: Line
    label_en: Line
    parent: Annotated[str, Field(max_length=32)]


class _EditionDoc(_Doc):
    id: Annotated[str, Field(pattern=_ID)]
    version: Annotated[int, Field(ge=1, le=9999)]
    title: Line
    title_en: Line
    base: str = ""
    division: Annotated[str, Field(pattern=r"^([0-9]{6})?$")] = ""
    effective_from: date
    clause: Annotated[str, Field(max_length=200)] = ""
    groups: Annotated[list[_GroupDoc], Field(max_length=50)] = []
    fields: Annotated[list[_FieldDoc], Field(max_length=MOST_FIELDS)] = []
    classes: Annotated[list[_ClassDoc], Field(max_length=5000)] = []


def check(document: Any, known: Mapping[str, TemplateEdition] | None = None) -> list[DocumentFault]:
    """Return what is wrong with an edition's document; an empty list lets it be loaded.

    Args:
        document: the parsed JSON.
        known: editions it may stand on, by id; the shipped ones are always among them.
    """
    return _resolve(document, known)[1]


def read(document: Any, known: Mapping[str, TemplateEdition] | None = None) -> TemplateEdition:
    """Return the edition of a document, whole.

    Args:
        document: the parsed JSON.
        known: editions it may stand on, by id; the shipped ones are always among them.

    Raises:
        TemplateInvalidError: naming the first place that is wrong and how many are.
        TemplateLoosenedError: if it asks less than the edition it stands on.
        ClassificationError: if its classes do not fit into the tree.
        ClassificationCycleError: if they stand above one another in a circle.
    """
    edition, faults = _resolve(document, known)
    if faults:
        first = faults[0]
        words = {"place": first.place, "found": first.found, "allowed": first.allowed}
        if first.is_loosening and edition is not None:
            raise TemplateLoosenedError(edition=edition.id, base=edition.base, **words)
        raise TemplateInvalidError(count=len(faults), **words)
    if edition is None:
        raise AssertionError("a document without faults is an edition")
    with_local(edition.classes)
    return edition


@lru_cache(maxsize=1)
def shipped() -> Mapping[str, TemplateEdition]:
    """Return the editions that ship with the platform, by id."""
    found: dict[str, TemplateEdition] = {}
    for name in SHIPPED:
        found[name] = read(read_json(f"templates/{name}.json"), found)
    return MappingProxyType(found)


def shipped_document(edition_id: str) -> Any:
    """Return the document of a shipped edition as it stands in its file.

    Raises:
        TemplateUnknownError: if none has this id.
    """
    if edition_id not in SHIPPED:
        raise TemplateUnknownError(found=edition_id, known="、".join(SHIPPED))
    return read_json(f"templates/{edition_id}.json")


def core() -> TemplateEdition:
    """Return the national edition that ships with the platform."""
    return shipped()[CORE]


def _resolve(
    document: Any, known: Mapping[str, TemplateEdition] | None
) -> tuple[TemplateEdition | None, list[DocumentFault]]:
    try:
        found = _EditionDoc.model_validate(document)
    except ValidationError as error:
        return None, [
            DocumentFault("/" + "/".join(map(str, row["loc"])), str(row["input"])[:100], row["msg"])
            for row in error.errors(include_url=False, include_context=False)
        ]
    bases: Mapping[str, TemplateEdition] = known if known is not None else shipped()
    if found.base and found.base not in bases:
        allowed = gettext_noop("所依据的模板要先装入")
        return None, [DocumentFault("/base", found.base, allowed)]
    base = bases.get(found.base)
    edition = _edition(found, base)
    faults = [*(_loosened(found, edition, base) if base else ()), *_broken(found, edition, base)]
    return edition, faults


def _edition(found: _EditionDoc, base: TemplateEdition | None) -> TemplateEdition:
    groups = {row.id: row for row in base.groups} if base else {}
    groups |= {row.id: FieldGroup(row.id, row.label, row.label_en, row.step) for row in found.groups}
    fields = {(row.place, row.id): row for row in base.fields} if base else {}
    for row in found.fields:
        fields[row.place, row.id] = _field(row, fields.get((row.place, row.id)), found)
    classes = {row.code: row for row in base.classes} if base else {}
    classes |= {row.code: ClassNode(row.code, row.label, row.label_en, row.parent) for row in found.classes}
    return TemplateEdition(
        id=found.id,
        version=found.version,
        title=found.title,
        title_en=found.title_en,
        base=found.base,
        division=found.division,
        effective_from=found.effective_from,
        clause=found.clause,
        groups=tuple(groups.values()),
        fields=tuple(fields.values()),
        classes=tuple(classes.values()),
    )


def _field(row: _FieldDoc, before: TemplateField | None, found: _EditionDoc) -> TemplateField:
    """Return a field as the document has it; of one its base has, what the document leaves out stays."""
    if before is None:
        return TemplateField(
            id=row.id,
            label=row.label or row.id,
            label_en=row.label_en or row.id,
            place=row.place,
            kind=row.kind or "text",
            obligation=row.obligation or "O",
            group=row.group or "",
            length=row.length,
            list_id=row.list_id,
            values=_values(row),
            clause=row.clause or found.clause,
            rule=row.rule,
            condition=_condition(row.when),
            empty_when=_condition(row.empty_when),
            help=row.help,
            help_en=row.help_en,
            severity=row.severity,
            at_most=row.at_most,
            is_filled=row.filled,
            is_extension=found.id != CORE and row.place == "entry" and row.id not in _core_ids(),
        )
    given = row.model_fields_set & _CHANGEABLE
    changes: dict[str, Any] = {name: getattr(row, name) for name in given - {"values", "when", "empty_when"}}
    if "values" in given:
        changes["values"] = _values(row)
    if "when" in given:
        changes["condition"] = _condition(row.when)
    if "empty_when" in given:
        changes["empty_when"] = _condition(row.empty_when)
    return replace(before, **changes)


@lru_cache(maxsize=1)
def _core_ids() -> frozenset[str]:
    """Return the ids of the entry's fields that have columns; from the file, as the edition may be in the making."""
    return frozenset(row["id"] for row in shipped_document(CORE)["fields"] if row["place"] == "entry")


def _values(row: _FieldDoc) -> tuple[ListValue, ...]:
    if row.values is not None:
        return tuple(ListValue(value.code, value.label, value.label_en) for value in row.values)
    try:
        return values_of(row.list_id) if row.list_id else ()
    except KeyError:
        return ()


def _condition(found: _ConditionDoc | None) -> Condition | None:
    if found is None:
        return None
    return Condition(found.field, found.among or found.not_among or (), is_negated=found.among is None)


def _broken(found: _EditionDoc, edition: TemplateEdition, base: TemplateEdition | None) -> Iterator[DocumentFault]:
    """Return where the document refers to what is not there, or leaves out what a field needs."""
    groups = {row.id for row in edition.groups}
    before = {(row.place, row.id): row for row in base.fields} if base else {}
    for at, key in _repeated((row.place, row.id) for row in found.fields):
        yield DocumentFault(f"/fields/{at}/id", key[1], gettext_noop("同一字段只能出现一次"))
    for at, row in enumerate(found.fields):
        here = f"/fields/{at}"
        if (row.place, row.id) in before:
            fixed = (row.model_fields_set - _CHANGEABLE) - {"id", "place"}
            if fixed:
                allowed = gettext_noop("已有字段只能改必填、长度、取值、条件和说明")
                yield DocumentFault(here, "、".join(sorted(fixed)), allowed)
        else:
            yield from _incomplete(here, row, base)
        made = edition.field(row.id, row.place)
        if made is None or made.group not in groups:
            yield DocumentFault(f"{here}/group", row.group or "", gettext_noop("应为模板里的一个组"))
        elif row.place == "entry":
            yield from _dangling(here, made, edition)
    for name in _NEEDED:
        field = edition.field(name)
        if field is None or field.obligation != "M":
            yield DocumentFault("/fields", name, gettext_noop("名称和分类是每条目录都要有的"))


def _repeated(keys: Iterable[tuple[str, str]]) -> Iterator[tuple[int, tuple[str, str]]]:
    seen: set[tuple[str, str]] = set()
    for at, key in enumerate(keys):
        if key in seen:
            yield at, key
        seen.add(key)


def _incomplete(here: str, row: _FieldDoc, base: TemplateEdition | None) -> Iterator[DocumentFault]:
    for name in ("label", "label_en", "kind", "obligation", "group"):
        if getattr(row, name) is None:
            yield DocumentFault(f"{here}/{name}", "", gettext_noop("新字段要写明名称、类型、必填和所在的组"))
    if row.kind == "enum" and not _values(row):
        yield DocumentFault(f"{here}/list", row.list_id, gettext_noop("选择字段要有已知的代码表或自带的取值"))
    if row.obligation == "C" and row.when is None:
        yield DocumentFault(f"{here}/when", "", gettext_noop("条件必填的字段要写明条件"))
    if base is not None and row.place == "item":
        yield DocumentFault(here, row.id, gettext_noop("信息项不能增加字段，只能收紧"))
    if base is not None and row.kind == "items":
        yield DocumentFault(f"{here}/kind", row.id, gettext_noop("扩展字段不能是信息项列表"))


def _dangling(here: str, made: TemplateField, edition: TemplateEdition) -> Iterator[DocumentFault]:
    for name, condition in (("when", made.condition), ("empty_when", made.empty_when)):
        if condition is None:
            continue
        other = edition.field(condition.field)
        allowed = other.codes or ("true", "false") if other else ()
        if other is None or not set(condition.values) <= set(allowed):
            yield DocumentFault(f"{here}/{name}", condition.field, gettext_noop("条件要落在模板的选择字段和它的取值上"))
    if made.at_most:
        other = edition.field(made.at_most)
        if other is None or other.kind != "number" or made.kind != "number":
            yield DocumentFault(f"{here}/at_most", made.at_most, gettext_noop("要与另一个数字字段相比"))


def _loosened(found: _EditionDoc, edition: TemplateEdition, base: TemplateEdition) -> Iterator[DocumentFault]:
    for at, row in enumerate(found.fields):
        before, after = base.field(row.id, row.place), edition.field(row.id, row.place)
        if before is not None and after is not None:
            for name, told in less(before, after):
                yield DocumentFault(f"/fields/{at}/{name}", row.id, told, is_loosening=True)
