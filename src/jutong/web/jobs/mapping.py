"""映射与规则: each column with what is done to it, asked of it and hidden of it, and why that is proposed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pydantic import BaseModel, TypeAdapter, ValidationError

from jutong.center.catalog.models import Binding, Entry
from jutong.center.jobs.ordering import columns_of
from jutong.center.jobs.proposals import Proposal
from jutong.center.jobs.proposing import bounded
from jutong.center.jobs.work import Work
from jutong.contracts.receipts import ColumnInfo
from jutong.contracts.rules import KEYED, ColumnMask, Rule
from jutong.contracts.steps import Step, made_by
from jutong.kernel.errors import InvalidInputError
from jutong.web.jobs.words import about, mask_told, told

What = TypeVar("What")

NEW_KINDS = (
    ("not-null", gettext_lazy("规则：不能没有值")),
    ("length", gettext_lazy("规则：长度，如 2-18")),
    ("one-of", gettext_lazy("规则：只能是，如 1、2、9")),
    ("code-table", gettext_lazy("规则：在代码表里，如 gbt2260")),
    ("pattern", gettext_lazy("规则：写法，正则表达式")),
    ("between", gettext_lazy("规则：范围，如 0~150")),
    ("cast", gettext_lazy("规则：换成 date、integer 或 decimal")),
    ("unique", gettext_lazy("规则：整张表里不重复")),
    ("identity", gettext_lazy("规则：公民身份号码")),
    ("credit-code", gettext_lazy("规则：统一社会信用代码")),
    ("standardise", gettext_lazy("处理：规范文本的空格和全角")),
    ("translate", gettext_lazy("处理：代码换版或对照，如 gbt2260 1990-12-31→2026-01-01，或 1=男、2=女")),
    ("rename", gettext_lazy("处理：改名，如 cert_no")),
    ("drop", gettext_lazy("处理：不落地")),
    ("substring", gettext_lazy("处理：取一段，如 1,6 → area")),
    ("identity-part", gettext_lazy("处理：从证件号取 birth-date、sex 或 division，如 sex → gender")),
    ("time-zone", gettext_lazy("处理：按时区理解，如 Asia/Shanghai")),
)
"""What can be added in the page, with how its value is typed; the API takes every kind there is."""
MOST = 1000
_STEPS: TypeAdapter[Step] = TypeAdapter(Step)
_RULES: TypeAdapter[Rule] = TypeAdapter(Rule)
_STEP_KINDS = frozenset(("standardise", "translate", "rename", "drop", "substring", "identity-part", "time-zone"))


@dataclass(frozen=True)
class Offer(Generic[What]):
    """A step or rule that is taken or could be, with what is said of it."""

    what: What
    told: str
    reason: str
    taken: bool


@dataclass
class ColumnRow:
    """One column of the page."""

    name: str
    item: str
    type: str
    steps: list[Offer[Step]] = field(default_factory=list)
    rules: list[Offer[Rule]] = field(default_factory=list)
    mask: str = ""
    mask_told: str = ""
    mask_agreement: str = ""
    mask_reason: str = ""


def rows_of(
    entry: Entry, binding: Binding, columns: Iterable[ColumnInfo], work: Work, proposal: Proposal
) -> list[ColumnRow]:
    """Return one row a bound column, and one a column that steps make, with everything taken or proposed."""
    named = {str(column): str(item) for item, column in binding.columns.items()}
    types = {column.name: column.type for column in columns}
    rows = {name: ColumnRow(name, named.get(name, ""), types.get(name, "")) for name in columns_of(entry, binding)}
    for step in work.steps:
        if (made := made_by(step)) and made not in rows:
            rows[made] = ColumnRow(made, "", "")
    for offered in _offers(work.steps, proposal.steps):
        _row(rows, about(offered.what)).steps.append(offered)
    for offer in _offers(work.rules, proposal.rules):
        _row(rows, about(offer.what)).rules.append(offer)
    for found in proposal.masks:
        _row(rows, found.what.column).mask_reason = found.because()
    for mask in work.masks:
        row = _row(rows, mask.column)
        row.mask, row.mask_told, row.mask_agreement = mask.mask, mask_told(mask), mask.agreement
    return list(rows.values())


def _row(rows: dict[str, ColumnRow], name: str) -> ColumnRow:
    return rows.setdefault(name, ColumnRow(name, "", ""))


def _offers(taken: Sequence[Any], proposed: Sequence[Any]) -> list[Offer[Any]]:
    """Return what is taken, in its order, and then what is proposed besides."""
    reasons = {found.what.id: found.because() for found in proposed}
    ids = {what.id for what in taken}
    rest = [found.what for found in proposed if found.what.id not in ids]
    return [
        *(Offer(what, told(what), reasons.get(what.id, ""), taken=True) for what in taken),
        *(Offer(what, told(what), reasons[what.id], taken=False) for what in rest),
    ]


def read(typed: QueryDict, work: Work, proposal: Proposal) -> Work:
    """Return the work with what was ticked and chosen in the page, and what was added.

    Raises:
        InvalidInputError: naming what was added and does not fit.
    """
    keep = set(typed.getlist("keep"))
    steps = [offer.what for offer in _offers(work.steps, proposal.steps) if offer.what.id in keep]
    rules = [_acting(offer.what, typed) for offer in _offers(work.rules, proposal.rules) if offer.what.id in keep]
    most = _most(typed)
    had = {one.id for one in work.rules}
    if typed.get("most_permille", "").strip() != typed.get("most_shown", ""):
        had = set()
    rules = [one if one.id in had else bounded(one, most) for one in rules]
    masks = _masks(typed, work)
    if typed.get("then") == "add":
        added = _added(typed, {part.id for part in (*steps, *rules)})
        if typed.get("kind") in _STEP_KINDS:
            steps.append(added)
        else:
            rules.append(bounded(added, most))
    return work.model_copy(update={"steps": tuple(steps), "rules": tuple(rules), "masks": tuple(masks)})


def limit_of(work: Work) -> str:
    """Return how many rows in a thousand a rule may take out, as the form shows it: the largest limit of all."""
    found = [rule.most_permille for rule in work.rules if rule.most_permille is not None]
    return str(max(found)) if found else ""


def _most(typed: QueryDict) -> int | None:
    text = typed.get("most_permille", "").strip()
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or int(text) > MOST:
        raise invalid("most_permille", _("请填0到1000的整数"))
    return int(text)


def _acting(rule: Any, typed: QueryDict) -> Any:
    action = typed.get(f"a_{rule.id}", rule.action)
    changed: BaseModel = rule.model_copy(update={"action": action})
    return _checked(_RULES, changed.model_dump(mode="json"), "rules")


def _masks(typed: QueryDict, work: Work) -> list[ColumnMask]:
    before = {mask.column: mask for mask in work.masks}
    agreement = typed.get("agreement", "")
    same = agreement in {"", typed.get("agreement_shown", "")}
    found = []
    for at, column in enumerate(typed.getlist("col")):
        wanted = typed.get(f"m_{at}", "")
        keyed = wanted in KEYED
        if column in before and before[column].mask == wanted and (same or not keyed):
            found.append(before[column])
        elif keyed and not agreement:
            raise invalid("agreement", _("请选加密或假名是给哪份协议的"))
        elif wanted:
            said = {"column": column, "mask": wanted, "agreement": agreement if keyed else ""}
            found.append(_checked(TypeAdapter(ColumnMask), said, "masks"))
    return found


def _added(typed: QueryDict, taken: set[str]) -> Any:
    kind, column, value = typed.get("kind", ""), typed.get("column", ""), typed.get("value", "").strip()
    if kind not in dict(NEW_KINDS):
        raise invalid("kind", _("请选要加什么"))
    base = {"id": _free_id(kind, column, taken), "kind": kind, "column": column}
    adapter: TypeAdapter[Any] = _STEPS if kind in _STEP_KINDS else _RULES
    try:
        return adapter.validate_python(base | _parameters(kind, value), strict=False)
    except ValidationError:
        told_as = {"value": value[:80], "kind": dict(NEW_KINDS)[kind]}
        raise invalid("value", _("“%(value)s”不是这一项能懂的写法。%(kind)s") % told_as) from None


def _free_id(kind: str, column: str, taken: set[str]) -> str:
    plain = re.sub(r"[^a-z0-9]+", "-", column.lower()).strip("-")
    start = f"{kind}-{plain}".strip("-")[:28].strip("-")
    return next(found for n in range(1, 1_000) if (found := start if n == 1 else f"{start}-{n}") not in taken)


def _parameters(kind: str, value: str) -> dict[str, Any]:
    """Read what was typed for a kind; what it cannot mean is left to the kind's own check."""
    before, _sign, into = (part.strip() for part in value.replace("->", "→").partition("→"))
    least, _dash, most = (part.strip() for part in re.sub(r"[~—–]|(?<=\d)-", "~", value, count=1).partition("~"))
    numbers = [int(part) if part.strip().isdigit() else part for part in re.split(r"[,，]", before)]
    readers: dict[str, dict[str, Any]] = {
        "length": {"least": int(least), "most": int(most)} if least.isdigit() and most.isdigit() else {"most": value},
        "one-of": {"values": [part for part in re.split(r"[、,，;；\s]+", value) if part]},
        "code-table": {"table": value},
        "pattern": {"pattern": value},
        "between": {"least": least or None, "most": most or None},
        "cast": {"to": value},
        "unique": {"over": "job"},
        "translate": _translation(value),
        "rename": {"to": value},
        "substring": {"start": numbers[0], "length": numbers[-1], "into": into},
        "identity-part": {"part": before, "into": into},
        "time-zone": {"zone": value or "Asia/Shanghai"},
    }
    return readers.get(kind, {})


def _translation(value: str) -> dict[str, Any]:
    """Read pairs, ``1=男、2=女``, or a code table and the days of two editions, ``gbt2260 1990-12-31→2026-01-01``."""
    if "=" in value:
        parts = (part.partition("=") for part in re.split(r"[、,，;；\s]+", value) if part)
        return {"pairs": [(old, new) for old, _sign, new in parts]}
    table, _space, days = value.partition(" ")
    first, _sign, last = (part.strip() for part in days.replace("->", "→").partition("→"))
    return {"table": table, "from_day": first or None, "to_day": last or None}


def _checked(adapter: TypeAdapter[Any], made: Mapping[str, Any], name: str) -> Any:
    try:
        return adapter.validate_python(made, strict=False)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"][1:]) or name
        raise invalid(name, f"{where}: {first['msg']}") from error


def invalid(name: str, message: str) -> InvalidInputError:
    """Return the error of one control."""
    return InvalidInputError(problems=[{"field": name, "found": "", "message": message, "clause": ""}])
