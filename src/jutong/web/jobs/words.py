"""Steps, rules and masks in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jutong.contracts.modes import Mode
from jutong.contracts.rules import ColumnMask, Rule
from jutong.contracts.steps import Step

ACTIONS = (
    ("set-aside", gettext_lazy("隔离这一行")),
    ("warn", gettext_lazy("照写，只计数")),
    ("skip", gettext_lazy("略过这一行")),
    ("stop", gettext_lazy("整个作业停下")),
)
MASKS = (
    ("name", gettext_lazy("姓名留姓")),
    ("identity", gettext_lazy("证件号留头尾")),
    ("phone", gettext_lazy("电话留头尾")),
    ("address", gettext_lazy("地址留到区县")),
    ("division", gettext_lazy("区划留到地市")),
    ("year", gettext_lazy("日期留年")),
    ("month", gettext_lazy("日期留年月")),
    ("band", gettext_lazy("数值留区间")),
    ("all", gettext_lazy("全部遮住")),
)
KEYED_MASKS = (
    ("pseudonym", gettext_lazy("换成假名（协议内同值同名）")),
    ("sealed", gettext_lazy("加密（每次不同，对方可以解开）")),
    ("sealed-equal", gettext_lazy("加密（同值同文，可以关联）")),
)
"""Masks that are made for the holder of one agreement."""
MODES = {
    "replace": gettext_lazy("整表替换"),
    "append": gettext_lazy("只追加新增的行"),
    "merge": gettext_lazy("按主键合并新增和变化的行"),
    "difference": gettext_lazy("整表比对，找出新增、变化和消失的行"),
    "changes": gettext_lazy("按数据库日志跟随变更（落在资源库）"),
}
PARTS = {
    "year": gettext_lazy("年"), "quarter": gettext_lazy("季度"), "month": gettext_lazy("月"),
    "day": gettext_lazy("日"), "weekday": gettext_lazy("星期"), "hour": gettext_lazy("小时"),
    "birth-date": gettext_lazy("出生日期"), "sex": gettext_lazy("性别"), "division": gettext_lazy("发证区划"),
}  # fmt: skip
TYPES = {"integer": gettext_lazy("整数"), "decimal": gettext_lazy("小数"), "date": gettext_lazy("日期")}
_SIGNS = {"eq": "=", "ne": "≠", "lt": "<", "le": "≤", "gt": ">", "ge": "≥"}
_COUNTS = {"add": "+", "subtract": "-", "multiply": "×"}


def _standardise(step: Any) -> str:
    said = [
        _("全角换半角") if step.width != "keep" else "",
        {"trim": _("去掉两头的空格"), "single": _("空格只留一个"), "none": _("去掉所有空格")}.get(step.spaces, ""),
        _("兼容汉字换成本字") if step.variants else "",
        _("统一间隔号") if step.dots else "",
        {"upper": _("字母用大写"), "lower": _("字母用小写")}.get(step.letters, ""),
    ]
    return "，".join(filter(None, said)) or _("去掉看不见的字符")


def _translate(step: Any) -> str:
    if step.table:
        return _("按代码表%(table)s翻译") % {"table": step.table}
    return _("按给定的%(n)s对对照翻译") % {"n": len(step.pairs)}


def _between(rule: Any) -> str:
    return f"{rule.least or '…'} — {rule.most or '…'}"


_SAID: dict[str, Callable[[Any], str]] = {
    "standardise": _standardise,
    "as-text": lambda step: _("数字换成文本，补足%(n)s位") % {"n": step.pad} if step.pad else _("换成文本"),
    "translate": _translate,
    "time-zone": lambda step: _("按时区%(zone)s理解") % {"zone": step.zone},
    "concat": lambda step: f"{' + '.join(step.columns)} → {step.into}",
    "substring": lambda step: (
        _("从第%(start)s个字符起取%(n)s个") % {"start": step.start, "n": step.length} + f" → {step.into}"
    ),
    "coalesce": lambda step: (
        _("取第一个有值的：%(columns)s") % {"columns": "、".join(step.columns)} + f" → {step.into}"
    ),
    "date-part": lambda step: _("取%(part)s") % {"part": PARTS[step.part]} + f" → {step.into}",
    "identity-part": lambda step: _("从证件号取%(part)s") % {"part": PARTS[step.part]} + f" → {step.into}",
    "arithmetic": lambda step: f"{step.column} {_COUNTS[step.operator]} {step.other or step.amount} → {step.into}",
    "constant": lambda step: f"“{step.value}” → {step.into}",
    "rename": lambda step: _("改名为%(name)s") % {"name": step.to},
    "drop": lambda _step: _("不落地"),
    "not-null": lambda _rule: _("不能没有值"),
    "cast": lambda rule: _("换成%(type)s") % {"type": TYPES[rule.to]},
    "length": lambda rule: _("长度%(least)s到%(most)s") % {"least": rule.least, "most": rule.most},
    "one-of": lambda rule: _("只能是：%(values)s") % {"values": "、".join(rule.values[:8])},
    "code-table": lambda rule: _("在代码表%(table)s里") % {"table": rule.table},
    "pattern": lambda rule: _("写法：%(pattern)s") % {"pattern": rule.pattern},
    "identity": lambda rule: _("公民身份号码校验位") + (_("，15位换成18位") if rule.to_18 else ""),
    "credit-code": lambda _rule: _("统一社会信用代码校验位"),
    "between": _between,
    "compare": lambda rule: f"{_SIGNS[rule.operator]} {rule.other}",
    "unique": lambda rule: _("不重复") + (f"（{'、'.join(rule.with_columns)}）" if rule.with_columns else ""),
    "reference": lambda rule: _("在库表%(table)s的%(column)s里有") % {"table": rule.table, "column": rule.in_column},
    "fresh": lambda rule: _("不早于%(days)s天前") % {"days": rule.days},
}


def told(what: Step | Rule) -> str:
    """Say a step or rule."""
    return _SAID[what.kind](what) if what.kind in _SAID else what.kind


def about(what: Step | Rule) -> str:
    """Return the column a step or rule stands with: the one it reads first, or the one it makes."""
    columns = getattr(what, "columns", ())
    return str(getattr(what, "column", "") or (columns[0] if columns else getattr(what, "into", "")))


def mask_told(mask: ColumnMask) -> str:
    """Say a mask."""
    named = str(dict((*MASKS, *KEYED_MASKS)).get(mask.mask, mask.mask))
    return f"{named} {mask.agreement}" if mask.agreement else named


def mode_told(mode: Mode | None) -> str:
    """Say how rows meet those the target has."""
    if mode is None:
        return str(MODES["replace"])
    said = [str(MODES[mode.kind])]
    if keys := getattr(mode, "keys", ()):
        said.append(_("主键%(keys)s") % {"keys": "、".join(keys)})
    if watermark := getattr(mode, "watermark", None):
        said.append(_("按%(column)s接着上次") % {"column": watermark})
    if getattr(mode, "history", False):
        said.append(_("保留历史"))
    return "，".join(said)


KINDS = {
    "not-null": gettext_lazy("没有值"),
    "cast": gettext_lazy("不能换成要的类型"),
    "length": gettext_lazy("长度不对"),
    "one-of": gettext_lazy("不在给定的值里"),
    "code-table": gettext_lazy("不在代码表里"),
    "pattern": gettext_lazy("写法不对"),
    "identity": gettext_lazy("公民身份号码不对"),
    "credit-code": gettext_lazy("统一社会信用代码不对"),
    "between": gettext_lazy("超出范围"),
    "compare": gettext_lazy("和另一列比不对"),
    "unique": gettext_lazy("重复"),
    "reference": gettext_lazy("在参照的表里没有"),
    "fresh": gettext_lazy("太旧或在将来"),
    "translate": gettext_lazy("代码翻译不了"),
    "time-zone": gettext_lazy("没有这个时刻"),
    "identity-part": gettext_lazy("证件号里取不出"),
    "arithmetic": gettext_lazy("算出的数放不下"),
}
"""What is wrong with rows that broke a rule, or that a step could not be done to."""


def count_told(count: dict[str, Any]) -> dict[str, Any]:
    """Return what a receipt counted of a rule, in words."""
    kind, action = KINDS.get(count["kind"], count["kind"]), dict(ACTIONS).get(count["action"], count["action"])
    return {**count, "kind": kind, "action": action}
