"""What a move of an entry's table should do to its columns and ask of its rows, proposed with reasons.

Proposals are made of what the catalog says of the items (data element, type, length, code table, grade) and of what
the database says of the columns. Nothing is carried out: whoever saves the transfer chooses.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar, get_args

from django.utils.translation import gettext

from jutong.center.catalog.enums import Grade
from jutong.center.catalog.models import Item
from jutong.contracts import rules as rule
from jutong.contracts import steps as step
from jutong.contracts.receipts import ColumnInfo
from jutong.contracts.rules import LONGEST_PATTERN, ColumnMask, MaskKind, Rule
from jutong.contracts.steps import Step
from jutong.kernel.i18n import gettext_noop
from jutong.standards import code_tables
from jutong.standards.elements import Element, shipped_matcher
from jutong.standards.masks import usual_mask

SURE = 0.85
"""A data element that a name stands for with less confidence is not gone by."""

IDENTITY, CREDIT_CODE, BORN, DIED = "DE01002", "DE02001", "DE01004", "DE01017"
_NAMES = re.compile(r"(?:姓名|曾用名)$")
_ADDRESSES = re.compile(r"(?:地址|住所|住址)$")
_LONGEST_ID = 32
_TEXT = re.compile(r"(?:n?v?a?r?char|character|text|string|n?clob|n?varchar2)", re.IGNORECASE)
_FIXED = re.compile(r"^(?:n?char|character)(?! varying)\s*\((\d+)\)", re.IGNORECASE)
_DECLARED = re.compile(r"\((\d+)(?:\s+(?:char|byte))?\)$", re.IGNORECASE)
_WHOLE = re.compile(r"^(?:tiny|small|medium|big)?int|^u?int\d|^serial", re.IGNORECASE)
_NAIVE = re.compile(
    r"^(?:timestamp(?:\(\d\))? without|datetime(?!offset|2\(7\)|.*with)|timestamp(?:\[\w+\])?$)", re.IGNORECASE
)

What = TypeVar("What")


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """What the catalog says of one item; ``column`` is the column of the source it is bound to."""

    name: str
    column: str
    data_type: str
    length: int | None = None
    is_key: bool = False
    grade: str = "general-1"
    widest_mode: str = "plain"
    mask: str = "all"
    element: str = ""
    code_table: str = ""


@dataclass(frozen=True, slots=True)
class Proposed(Generic[What]):
    """One step, rule or mask, and why.

    ``reason`` is Chinese source wording with ``{names}`` of ``fields``; ``chosen`` says whether it is taken unless
    somebody takes it out, or only offered.
    """

    what: What
    reason: str
    fields: dict[str, str] = field(default_factory=dict)
    chosen: bool = True

    def because(self) -> str:
        """Return the reason in the reader's language."""
        return gettext(self.reason).format(**self.fields)


@dataclass(frozen=True, slots=True)
class Proposal:
    """Everything proposed for one table; rules and masks name columns as the chosen steps leave them."""

    columns: tuple[str, ...]
    steps: tuple[Proposed[Step], ...]
    rules: tuple[Proposed[Rule], ...]
    masks: tuple[Proposed[ColumnMask], ...]


def facts_of(item: Item, column: str) -> ItemFacts:
    """Return what is to be known of an item that is bound to a column."""
    return ItemFacts(
        item.name, column, item.data_type, item.length, item.is_key, item.grade, item.widest_mode, item.mask,
        item.element, item.code_table,
    )  # fmt: skip


def propose(
    columns: Sequence[ColumnInfo],
    items: Sequence[ItemFacts],
    *,
    agreement: str = "",
    element_of: Callable[[str], Element | None] | None = None,
) -> Proposal:
    """Propose what a move should do to its columns and ask of its rows.

    Args:
        columns: of the source's table, as its inventory has them.
        items: of the entry; one that is bound to no column of the table is left out.
        agreement: number of the agreement the rows are moved for; gives pseudonyms their key.
        element_of: finds a data element by its code; by default among those shipped.
    """
    known = {column.name: column for column in columns}
    find = element_of or shipped_matcher().element
    bound = [_Bound(item, known[item.column], find) for item in items if item.column in known]
    once = list({one.column.name: one for one in reversed(bound)}.values())[::-1]
    ids = _Ids()
    return Proposal(
        tuple(one.column.name for one in once),
        tuple(found for one in once for found in _steps(one, ids)),
        tuple(found for one in once for found in _rules(one, ids)) + tuple(_together(once, ids)),
        tuple(found for one in once for found in _masks(one, agreement)),
    )


class _Ids:
    """Gives every step and rule an id that tells what it is for, each once."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def of(self, kind: str, column: str) -> str:
        plain = re.sub(r"[^a-z0-9]+", "-", column.lower()).strip("-")
        wanted = f"{kind}-{plain}"[:_LONGEST_ID].strip("-") if plain else kind
        number, found = 1, wanted
        while found in self._taken:
            number += 1
            found = f"{wanted[: _LONGEST_ID - 1 - len(str(number))]}-{number}"
        self._taken.add(found)
        return found


class _Bound:
    """An item with its column, and the data element it stands for."""

    def __init__(self, item: ItemFacts, column: ColumnInfo, find: Callable[[str], Element | None]) -> None:
        self.item, self.column = item, column
        self.name = column.name
        self.element = (find(item.element) if item.element else None) or self._recognised(find)
        self.code = self.element.code if self.element else ""
        self.is_text = bool(_TEXT.search(column.type))
        self.is_whole = bool(_WHOLE.search(column.type))
        table = item.code_table or (self.element.code_table if self.element else "") or ""
        self.code_table = table if table in {one.key for one in code_tables.shipped()} else ""

    def _recognised(self, find: Callable[[str], Element | None]) -> Element | None:
        found = shipped_matcher().match(self.item.name, comment=self.column.comment, data_type=self.item.data_type)
        return find(found[0].code) if found and found[0].confidence >= SURE else None

    @property
    def fields(self) -> dict[str, str]:
        """What reasons may name."""
        return {
            "item": self.item.name,
            "column": self.name,
            "type": self.column.type,
            "element": self.element.name if self.element else "",
        }

    def named(self, words: re.Pattern[str]) -> bool:
        return bool(self.element and words.search(self.element.name))


def _steps(one: _Bound, ids: _Ids) -> Iterator[Proposed[Step]]:
    if one.is_text:
        yield from _texts(one, ids)
    elif one.is_whole and one.code_table and one.item.length:
        yield Proposed(
            step.AsText(id=ids.of("as-text", one.name), column=one.name, pad=min(one.item.length, 64)),
            gettext_noop("“{item}”是代码，来源字段却是数字（{type}），前面的零已经丢了，按目录登记的长度补齐"),
            one.fields,
        )
    if _NAIVE.search(one.column.type):
        yield Proposed(
            step.TimeZone(id=ids.of("time-zone", one.name), column=one.name),
            gettext_noop("来源字段（{type}）不带时区，按北京时间理解，落地为确切的时刻"),
            one.fields,
        )


def _texts(one: _Bound, ids: _Ids) -> Iterator[Proposed[Step]]:
    name_id = ids.of("text", one.name)
    if one.named(_NAMES):
        yield Proposed(
            step.Standardise(id=name_id, column=one.name, spaces="single", variants=True, dots=True),
            gettext_noop("“{item}”是数据元“{element}”：统一全角半角、空格和间隔号，兼容汉字换成本字，不改异体字"),
            one.fields,
        )
    elif one.named(_ADDRESSES):
        yield Proposed(
            step.Standardise(id=name_id, column=one.name, spaces="single", variants=True),
            gettext_noop("“{item}”是数据元“{element}”：统一全角半角和空格"),
            one.fields,
        )
    elif one.code in {IDENTITY, CREDIT_CODE} or one.code_table:
        yield Proposed(
            step.Standardise(id=name_id, column=one.name, spaces="none", letters="upper"),
            gettext_noop("“{item}”是编号或代码：去掉空格，全角换半角，字母用大写，才能和别的表对得上"),
            one.fields,
        )
    elif _FIXED.search(one.column.type):
        yield Proposed(
            step.Standardise(id=name_id, column=one.name, width="keep", invisible=False),
            gettext_noop("来源字段是定长的（{type}），末尾补的空格要去掉，否则和代码表对不上"),
            one.fields,
        )


def _rules(one: _Bound, ids: _Ids) -> Iterator[Proposed[Rule]]:
    if one.item.is_key or one.column.key:
        yield Proposed(
            rule.NotNull(id=ids.of("filled", one.name), column=one.name),
            gettext_noop("“{item}”是主键项，不能没有值"),
            one.fields,
        )
    content = next(_contents(one, ids), None)
    if content is not None:
        yield content
    elif one.is_text and one.item.data_type in ("C", "M") and (longest := one.item.length):
        declared = _DECLARED.search(one.column.type)
        if declared is None or int(declared[1]) > longest:
            yield Proposed(
                rule.Length(id=ids.of("length", one.name), column=one.name, most=longest),
                gettext_noop("目录登记“{item}”最长 {longest} 个字符，来源字段（{type}）放得下更长的"),
                {**one.fields, "longest": str(longest)},
            )


def _contents(one: _Bound, ids: _Ids) -> Iterator[Proposed[Rule]]:
    """Give the rule that says most of what the item's values are; the first is taken."""
    if one.code == IDENTITY and one.is_text:
        yield Proposed(
            rule.Identity(id=ids.of("identity", one.name), column=one.name, to_18=True),
            gettext_noop("“{item}”是数据元“{element}”：校验位按 GB 11643 核对，15 位的换成 18 位"),
            one.fields,
        )
    if one.code == CREDIT_CODE and one.is_text:
        yield Proposed(
            rule.CreditCode(id=ids.of("credit-code", one.name), column=one.name),
            gettext_noop("“{item}”是数据元“{element}”：校验位按 GB 32100 核对"),
            one.fields,
        )
    if one.code_table and (one.is_text or one.is_whole):
        yield Proposed(
            rule.CodeTable(id=ids.of("code", one.name), column=one.name, table=one.code_table),
            gettext_noop("“{item}”的值应在代码表 {table} 里"),
            {**one.fields, "table": one.code_table},
        )
    if one.is_text:
        yield from _forms(one, ids)


def _forms(one: _Bound, ids: _Ids) -> Iterator[Proposed[Rule]]:
    kind = one.item.data_type
    if kind == "D":
        yield Proposed(
            rule.Cast(id=ids.of("date", one.name), column=one.name, to="date"),
            gettext_noop("目录登记“{item}”是日期，来源字段却是文本（{type}），落地时换成日期"),
            one.fields,
        )
    if kind in ("I", "N", "Y"):
        whole = kind == "I"
        yield Proposed(
            rule.Cast(id=ids.of("number", one.name), column=one.name, to="integer" if whole else "decimal"),
            gettext_noop("目录登记“{item}”是数，来源字段却是文本（{type}），落地时换成数"),
            one.fields,
        )
    if one.element and one.element.pattern and len(one.element.pattern) <= LONGEST_PATTERN:
        yield Proposed(
            rule.Pattern(id=ids.of("form", one.name), column=one.name, pattern=_plain(one.element.pattern)),
            gettext_noop("“{item}”是数据元“{element}”，标准规定了写法"),
            one.fields,
            chosen=bool(one.item.element),
        )


def _plain(pattern: str) -> str:
    """Return a pattern with its characters written out: nodes match by RE2, which does not know the escape."""
    return re.sub(r"\\u([0-9a-fA-F]{4})", lambda found: chr(int(found[1], 16)), pattern)


def _together(bound: Sequence[_Bound], ids: _Ids) -> Iterator[Proposed[Rule]]:
    keys = [one for one in bound if one.item.is_key] or [one for one in bound if one.column.key]
    if keys:
        first, *others = (one.name for one in keys)
        yield Proposed(
            rule.Unique(id=ids.of("unique", first), column=first, with_columns=tuple(others[:8]), over="job"),
            gettext_noop("{items}是主键项，整张表里每个值只应出现一次"),
            {"items": "、".join(one.item.name for one in keys)},
        )
    by_code = {one.code: one for one in bound if one.item.data_type == "D"}
    if (born := by_code.get(BORN)) and (died := by_code.get(DIED)) and born.column.type == died.column.type:
        yield Proposed(
            rule.Compare(id=ids.of("order", born.name), column=born.name, operator="le", other=died.name),
            gettext_noop("“{item}”不应晚于“{other}”"),
            {**born.fields, "other": died.item.name},
        )


def _masks(one: _Bound, agreement: str) -> Iterator[Proposed[ColumnMask]]:
    mode = one.item.widest_mode
    if mode not in ("verify", "masked"):
        return
    wanted = "pseudonym" if mode == "verify" else usual_mask(one.item.mask, one.item.grade, one.item.data_type)
    if wanted == "pseudonym" and not agreement:
        wanted = "all"
    mask: MaskKind = next((kind for kind in get_args(MaskKind) if kind == wanted), "all")
    text = {
        "verify": gettext_noop("目录规定“{item}”只能核验，不能给出明文（{grade}）"),
        "masked": gettext_noop("目录规定“{item}”最多只能脱敏提供（{grade}）"),
    }[mode]
    what = ColumnMask(column=one.name, mask=mask, agreement=agreement if mask == "pseudonym" else "")
    yield Proposed(what, text, {**one.fields, "grade": str(Grade(one.item.grade).label)})
