"""What a proposed entry is: to be changed, new, a change of an entry there is, or no change. Nothing is stored here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from jutong.center.catalog.fields import EntryFields, ItemFields
from jutong.center.catalog.findings import GUIDE, Finding, Severity
from jutong.center.catalog.models import EntryVersion
from jutong.center.catalog.shape import LABELS
from jutong.center.catalog.validation import all_findings
from jutong.center.intake import codec
from jutong.center.intake.columns import CODE, CODE_HEADER, ITEMS, PROVIDER, PROVIDER_HEADER
from jutong.center.intake.enums import Outcome
from jutong.center.intake.row import Row, told_finding
from jutong.center.intake.surroundings import Department, Known, mark, name_key, said
from jutong.kernel.i18n import gettext_noop

CODE_UNKNOWN = gettext_noop("本部门没有这个信息资源代码的目录")
KEEP_OR_CLEAR = gettext_noop("更新已有目录请核对代码；新增目录请把代码留空")
OTHERS = gettext_noop("提供单位是另一个部门")
OWN_ONLY = gettext_noop("只能导入本部门的目录，请由提供单位自己导入，或删去这一行")
NOT_OURS = gettext_noop("提供单位不是本部门的名称")
AS_OURS = gettext_noop("将按本部门的目录导入；不是本部门的，请删去这一行")
TWICE = gettext_noop("文件里有另一行的名称相同")
RENAME = gettext_noop("全半角、空格、标点和尾号不算不同，请改名，或删去这一行")
CLASS_MOVED = gettext_noop("分类与已编的信息资源代码不一致")
CLASS_STAYS = gettext_noop("代码编定后分类不能改；分类确实有误的，请另建目录")


_OF_ITEM = 3
"""Parts of a place such as ``items.0.name``."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of a row: its content once merged with the entry it matches, and everything to say about it."""

    fields: EntryFields
    items: tuple[ItemFields, ...]
    findings: tuple[dict[str, Any], ...]
    outcome: Outcome
    known: Known | None
    base: str
    """Mark of the version it was compared with, empty for a new entry."""

    @property
    def warned(self) -> bool:
        """Whether a person should look although it may pass."""
        return any(finding["severity"] == "warning" for finding in self.findings)


def judge(row: Row, around: Department, versions: Mapping[str, EntryVersion]) -> Judged:
    """Return what a row is. ``versions`` holds the newest version of the entries the rows match, by entry.

    The row's name counts as taken from here on, so rows are judged in the order of the file.
    """
    fields, items = fixed(row)
    known = around.match(row.code, fields.name)
    version = versions.get(known.entry_id) if known else None
    if version is not None:
        fields, items = _merged(row, fields, items, version)
    elif known is not None and not fields.classification:
        fields = replace(fields, classification=known.code.partition("/")[0])
    places = set(row.fixes)
    kept = [finding for finding in row.findings if finding.get("place") not in places]
    judged = [*map(told_finding, _findings(row, fields, items, around, known)), *_twice(row, fields, around)]
    found = _together(kept, judged)
    outcome = _outcome(found, fields, items, version)
    return Judged(fields, items, tuple(found), outcome, known, mark(version) if version else "")


def fixed(row: Row) -> tuple[EntryFields, tuple[ItemFields, ...]]:
    """Return a row's content with what a person put in its places."""
    if not row.fixes:
        return row.fields, row.items
    fields, items = row.fields, list(row.items)
    if ITEMS in row.fixes:
        items = list(codec.as_items(row.fixes[ITEMS]))
    for place, value in row.fixes.items():
        parts = place.split(".")
        if parts[0] == ITEMS and len(parts) == _OF_ITEM and parts[1].isdigit():
            at = int(parts[1])
            if at < len(items) and parts[2] in ItemFields.__dataclass_fields__:
                items[at] = replace(items[at], **{parts[2]: value})
        elif parts[0] == "extensions" and len(parts) > 1:
            fields = replace(fields, extensions={**fields.extensions, parts[1]: value})
        elif place in EntryFields.__dataclass_fields__:
            change: dict[str, Any] = {place: tuple(value) if isinstance(value, list) else value}
            fields = replace(fields, **change)
    return fields, tuple(items)


def _merged(
    row: Row, fields: EntryFields, items: tuple[ItemFields, ...], version: EntryVersion
) -> tuple[EntryFields, tuple[ItemFields, ...]]:
    """Lay what the row says over what the entry says; a field the row does not speak of stays.

    A table says nothing new of an entry but its columns: what people wrote of their items stays too.
    """
    before, before_items = said(version)
    fixed_fields = {place.partition(".")[0] for place in row.fixes}
    told = fixed_fields if "table" in row.origin else row.told | fixed_fields
    changes: dict[str, Any] = {name: getattr(fields, name) for name in told if name in EntryFields.__dataclass_fields__}
    if "extensions" in changes:
        changes["extensions"] = {**before.extensions, **changes["extensions"]}
    if "table" in row.origin and ITEMS not in fixed_fields:
        return replace(before, **changes), enriched(before_items, items)
    return replace(before, **changes), items if ITEMS in told else before_items


def enriched(before: Sequence[ItemFields], described: Sequence[ItemFields]) -> tuple[ItemFields, ...]:
    """Fill what items lack from the columns they stand for, and add the columns no item stands for."""
    left = {item.column: item for item in described}
    by_name = {item.name: item.column for item in described}
    made = []
    for item in before:
        column = left.pop(item.column or by_name.get(item.name, ""), None)
        if column is None:
            made.append(item)
            continue
        lacking = {name: getattr(column, name) for name in _FILLED if not getattr(item, name)}
        made.append(replace(item, **lacking))
    return (*made, *left.values())


_FILLED = ("column", "english_name", "data_type", "length", "element")
"""What a column says of an item that says nothing there."""


def _findings(
    row: Row, fields: EntryFields, items: Sequence[ItemFields], around: Department, known: Known | None
) -> list[Finding]:
    key = name_key(fields.name)
    there = around.by_key.get(key)
    others = {there.name} if there is not None and (known is None or there.entry_id != known.entry_id) else set()
    here = replace(around.base, other_names=frozenset(others), own_code=known.code if known else "")
    return [*all_findings(fields, items, here), *_identity(row, fields, around, known)]


def _together(kept: Sequence[dict[str, Any]], judged: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Say once what is wrong with a cell: where reading left a field empty, its sentence with what stood there."""
    empty = {finding["place"] for finding in judged if finding["rule"] == "VC-01"}
    lifted = {finding["place"] for finding in kept if finding.get("found") and finding.get("place") in empty}
    return [
        *(
            {**finding, "severity": "error", "lifted": True} if finding.get("place") in lifted else finding
            for finding in kept
        ),
        *(finding for finding in judged if finding["rule"] != "VC-01" or finding["place"] not in lifted),
    ]


def _twice(row: Row, fields: EntryFields, around: Department) -> list[dict[str, Any]]:
    """Say of a row whose name an earlier row has which one that is."""
    key = name_key(fields.name)
    first = around.taken.setdefault(key, row.line) if key else row.line
    if first == row.line:
        return []
    finding = Finding("VC-06", "name", LABELS["name"], GUIDE, TWICE, RENAME, fields.name[:100])
    return [{**told_finding(finding), "twin": first}]


def _identity(row: Row, fields: EntryFields, around: Department, known: Known | None) -> list[Finding]:
    found = []
    if row.code and known is None:
        found.append(Finding("VC-00", CODE, CODE_HEADER, GUIDE, CODE_UNKNOWN, KEEP_OR_CLEAR, row.code))
    if known is not None and fields.classification != known.code.partition("/")[0]:
        label = LABELS["classification"]
        found.append(
            Finding("VC-00", "classification", label, GUIDE, CLASS_MOVED, CLASS_STAYS, fields.classification[:100])
        )
    provider = row.provider.strip()
    if provider and provider not in {around.organisation.name, around.organisation.short_name}:
        theirs = around.providers.get(provider)
        message, way_out = (OTHERS, OWN_ONLY) if theirs else (NOT_OURS, AS_OURS)
        severity: Severity = "error" if theirs else "warning"
        found.append(
            Finding("VC-07", PROVIDER, PROVIDER_HEADER, GUIDE, message, way_out, provider[:100], severity=severity)
        )
    return found


def _outcome(
    findings: Sequence[Mapping[str, Any]],
    fields: EntryFields,
    items: Sequence[ItemFields],
    version: EntryVersion | None,
) -> Outcome:
    if any(finding["severity"] == "error" for finding in findings):
        return Outcome.ERROR
    if version is None:
        return Outcome.NEW
    before, before_items = said(version)
    return Outcome.SAME if same(before, before_items, fields, items) else Outcome.CHANGED


def same(
    before: EntryFields, before_items: Sequence[ItemFields], after: EntryFields, after_items: Sequence[ItemFields]
) -> bool:
    """Whether two contents say the same once blanks around texts are dropped, as they are when written."""
    return _bare(before) == _bare(after) and list(map(_bare, before_items)) == list(map(_bare, after_items))


def _bare(content: EntryFields | ItemFields) -> dict[str, Any]:
    found = {name: getattr(content, name) for name in content.__dataclass_fields__}
    return {name: value.strip() if isinstance(value, str) else value for name, value in found.items()}


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing a proposal changes, as people read it. ``subject`` names the item, empty for the entry itself."""

    subject: str
    field: str
    label: str
    before: str
    after: str


def differences(
    before: tuple[EntryFields, Sequence[ItemFields]], after: tuple[EntryFields, Sequence[ItemFields]]
) -> list[Difference]:
    """Return what a proposal changes, the entry's own fields first."""
    changes = list(_unlike("", before[0], after[0]))
    old, new = ({item.name: item for item in items} for items in (before[1], after[1]))
    changes.extend(Difference(name, ITEMS, LABELS[ITEMS], name, "") for name in old if name not in new)
    for name, item in new.items():
        if name in old:
            changes.extend(_unlike(name, old[name], item))
        else:
            changes.append(Difference(name, ITEMS, LABELS[ITEMS], "", name))
    return changes


def _unlike(subject: str, before: EntryFields | ItemFields, after: EntryFields | ItemFields) -> Iterator[Difference]:
    of_item = isinstance(before, ItemFields)
    old, new = _bare(before), _bare(after)
    for name in old:
        if old[name] != new[name]:
            said_before, said_after = (codec.shown(name, content[name], of_item=of_item) for content in (old, new))
            yield Difference(subject, name, LABELS[name], said_before, said_after)
