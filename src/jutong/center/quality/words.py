"""Rules in words people read. A steward's own title goes before what is made of kind and parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _

Body = Mapping[str, Any]


def sentence(body: Body, titles: Mapping[str, str] | None = None) -> str:
    """Return what a rule asks, in the reader's language.

    Args:
        body: the rule as data.
        titles: what fields are called; their names where they are left out.
    """
    known = titles or {}

    def name(field: str) -> str:
        return known.get(field, field)

    return str(body.get("title") or "") or _WORDS[body["kind"]](body, name)


def _range(body: Body, name: Callable[[str], str]) -> str:
    words = {"field": name(body["field"]), "least": body.get("least"), "most": body.get("most")}
    if body.get("least") is None:
        return _("{field}不大于{most}").format(**words)
    if body.get("most") is None:
        return _("{field}不小于{least}").format(**words)
    return _("{field}在{least}到{most}之间").format(**words)


def _compare(body: Body, name: Callable[[str], str]) -> str:
    return _("{field} {sign} {other}").format(
        field=name(body["field"]), sign=SIGNS[body["operator"]], other=name(body["other"])
    )


def _depends(body: Body, name: Callable[[str], str]) -> str:
    words = {"when": name(body["when"]), "cases": "、".join(body["cases"]), "field": name(body["field"])}
    if body.get("values"):
        return _("{when}为{cases}时，{field}应为{values}").format(**words, values="、".join(body["values"]))
    return _("{when}为{cases}时，{field}必须填写").format(**words)


def _length(body: Body, name: Callable[[str], str]) -> str:
    words = {"field": name(body["field"]), "least": body.get("least", 0), "most": body["most"]}
    if not body.get("least"):
        return _("{field}不超过{most}个字").format(**words)
    return _("{field}有{least}到{most}个字").format(**words)


SIGNS = {"eq": "=", "ne": "≠", "lt": "<", "le": "≤", "gt": ">", "ge": "≥"}
_WORDS: Mapping[str, Callable[[Body, Callable[[str], str]], str]] = {
    "required": lambda body, name: _("{field}必须填写").format(field=name(body["field"])),
    "standardised": lambda body, name: _("{field}能转换成数据元的类型和格式").format(field=name(body["field"])),
    "typed": lambda body, name: _("{field}写成{to}的形式").format(field=name(body["field"]), to=_type(body["to"])),
    "length": _length,
    "pattern": lambda body, name: _("{field}的写法正确").format(field=name(body["field"])),
    "codes": lambda body, name: _("{field}在代码表{table}内").format(
        field=name(body["field"]), table=body.get("table") or "、".join(body.get("values", ())[:5])
    ),
    "check-digit": lambda body, name: _("{field}的校验码正确").format(field=name(body["field"])),
    "range": _range,
    "compare": _compare,
    "depends": _depends,
    "unique": lambda body, name: _("{fields}不重复").format(fields="、".join(map(name, body["fields"]))),
    "reference": lambda body, name: _("{field}在表{table}里有").format(
        field=name(body["field"]), table=body["other"]["name"]
    ),
    "agrees": lambda body, name: _("{field}与数源登记一致").format(field=name(body["field"])),
    "fresh": lambda body, name: _("{field}不晚于检查当日，不早于{days}天前").format(
        field=name(body["field"]), days=body["days"]
    ),
    "cycle": lambda body, _name: _("{hours}小时内更新过").format(hours=body["hours"]),
    "rows-drift": lambda body, _name: _("行数与上次相比变化不超过{percent}%").format(
        percent=body["most_permille"] / 10
    ),
    "drift": lambda body, name: _("{field}的分布与上次相比没有明显变化").format(field=name(body["field"])),
}


def _type(kind: str) -> str:
    return {"integer": _("整数"), "decimal": _("小数"), "date": _("日期")}[kind]
