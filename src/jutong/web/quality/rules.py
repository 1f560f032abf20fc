"""检查规则: those that follow from the elements, and those a steward adds from a list of kinds."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpResponse, HttpResponseBase, QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jutong.center.org.permissions import Permission
from jutong.center.quality import actions, queries
from jutong.center.quality.enums import RuleKind
from jutong.center.quality.models import CheckedTable, StewardRule
from jutong.center.quality.orders import order_for
from jutong.center.quality.words import SIGNS, sentence
from jutong.kernel.errors import JutongError
from jutong.standards import code_tables
from jutong.web.door import Visit, form_page, step

_LIST = re.compile(r"[\s,，、;；]+")
LONGEST_NUMBER = 9


@dataclass(frozen=True)
class Blank:
    """One blank of a rule's form. ``takes`` says how what is typed becomes the parameter."""

    name: str
    label: str | Promise
    takes: str
    hint: str | Promise = ""


_FIELD = Blank("field", gettext_lazy("字段"), "field")
BLANKS: Mapping[str, tuple[Blank, ...]] = {
    "required": (_FIELD,),
    "typed": (_FIELD, Blank("to", gettext_lazy("应写成"), "type")),
    "length": (
        _FIELD,
        Blank("least", gettext_lazy("最少几个字"), "number"),
        Blank("most", gettext_lazy("最多几个字"), "number"),
    ),
    "pattern": (
        _FIELD,
        Blank("pattern", gettext_lazy("写法"), "text", gettext_lazy("整个值要符合的正则表达式，例如 [0-9]{6}")),
    ),
    "codes": (
        _FIELD,
        Blank("table", gettext_lazy("代码表"), "codes"),
        Blank("values", gettext_lazy("或者取值"), "list", gettext_lazy("用顿号或空格分开；选了代码表就不用填")),
    ),
    "check-digit": (_FIELD, Blank("scheme", gettext_lazy("号码"), "scheme")),
    "range": (
        _FIELD,
        Blank("least", gettext_lazy("不小于"), "bound", gettext_lazy("日期写成2026-01-31")),
        Blank("most", gettext_lazy("不大于"), "bound"),
    ),
    "compare": (
        _FIELD,
        Blank("operator", gettext_lazy("关系"), "operator"),
        Blank("other", gettext_lazy("另一个字段"), "field"),
    ),
    "depends": (
        Blank("when", gettext_lazy("当这个字段"), "field"),
        Blank("cases", gettext_lazy("取值为"), "list", gettext_lazy("用顿号或空格分开")),
        Blank("field", gettext_lazy("这个字段"), "field"),
        Blank("values", gettext_lazy("应为"), "list", gettext_lazy("不填表示只要有值")),
    ),
    "unique": (
        Blank("fields", gettext_lazy("字段"), "fields"),
        Blank("fields", gettext_lazy("和字段（选填）"), "fields"),
        Blank("fields", gettext_lazy("和字段（选填）"), "fields"),
    ),
    "fresh": (_FIELD, Blank("days", gettext_lazy("最早几天前"), "number")),
    "agrees": (
        _FIELD,
        Blank("key", gettext_lazy("按这个字段对应"), "field"),
        Blank("other", gettext_lazy("另一张表"), "table"),
        Blank("other_key", gettext_lazy("另一张表的对应字段"), "text"),
        Blank("other_field", gettext_lazy("另一张表的比对字段"), "text"),
    ),
    "reference": (
        _FIELD,
        Blank("other", gettext_lazy("另一张表"), "table"),
        Blank("in_field", gettext_lazy("另一张表的字段"), "text"),
    ),
}
"""The typed list: what is asked for each kind that a steward may add."""


@dataclass(frozen=True)
class Choices:
    """What the selects of a form offer."""

    fields: list[tuple[str, str]]
    tables: list[tuple[str, str]]
    addresses: Mapping[str, Any]

    def of(self, blank: Blank) -> list[tuple[str, Any]]:
        """Return what a blank offers; nothing where it is typed."""
        offered: dict[str, list[tuple[str, Any]]] = {
            "field": [("", _("请选择")), *self.fields],
            "fields": [("", _("请选择")), *self.fields],
            "table": [("", _("请选择")), *self.tables],
            "codes": [("", _("不用代码表")), *((table.key, table.name) for table in code_tables.shipped())],
            "operator": list(SIGNS.items()),
            "type": [("integer", _("整数")), ("decimal", _("小数")), ("date", _("日期"))],
            "scheme": [
                ("identity", _("公民身份号码")),
                ("credit-code", _("统一社会信用代码")),
                ("organisation-code", _("组织机构代码")),
            ],
        }
        return offered.get(blank.takes, [])


@form_page(Permission.QUALITY_REPORT_VIEW)
def listing(visit: Visit, checked_id: UUID) -> HttpResponseBase:
    """Show a table's rules; its steward adds one."""
    checked = queries.table(visit.actor, checked_id)
    if not visit.is_post:
        return _show(visit, checked)
    typed = visit.request.POST
    try:
        actions.add_rule(
            checked=checked, code=typed.get("code", ""), title=typed.get("title", ""),
            body=body_of(typed, _choices(visit, checked)), by=visit.actor, now=visit.now,
        )  # fmt: skip
    except JutongError as problem:
        return _show(visit, checked, problem)
    return visit.done(_("规则已添加，试算后才能启用"), f"/quality/{checked.id}/rules")


def body_of(typed: QueryDict, choices: Choices) -> dict[str, Any]:
    """Return what was typed as a rule's parameters; what is no number stays a text and is refused as one."""
    kind = typed.get("kind", "")
    body: dict[str, Any] = {"kind": kind}
    for blank in BLANKS.get(kind, ()):
        text = typed.get(blank.name, "").strip()
        if blank.takes == "fields":
            body[blank.name] = [name for name in dict.fromkeys(typed.getlist(blank.name)) if name]
        elif blank.takes == "list":
            body[blank.name] = [word for word in _LIST.split(text) if word]
        elif blank.takes == "number":
            body[blank.name] = int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST_NUMBER else text
        elif blank.takes == "bound":
            body[blank.name] = text or None
        elif blank.takes == "table":
            body[blank.name] = choices.addresses.get(text)
        else:
            body[blank.name] = text
    return body


def _choices(visit: Visit, checked: CheckedTable) -> Choices:
    order = order_for(checked.table, checked.feed)
    fields = [(field.name, field.title) for field in order.fields] if order else []
    tables, addresses = [], {}
    for row in queries.tables(visit.actor).exclude(id=checked.id)[:200]:
        other = order_for(row.table, row.feed)
        if other is not None:
            tables.append((str(row.id), row.title))
            addresses[str(row.id)] = other.table.model_dump(mode="json")
    return Choices(fields, tables, addresses)


def _show(visit: Visit, checked: CheckedTable, problem: JutongError | None = None) -> HttpResponse:
    found = queries.report(visit.actor, checked, visit.now)
    typed = visit.request.POST or visit.request.GET
    kind = typed.get("kind", "")
    may = "rule" in found.can
    blanks: list[tuple[Blank, list[tuple[str, Any]], str]] = []
    if may and kind in BLANKS:
        choices = _choices(visit, checked)
        for number, blank in enumerate(BLANKS[kind]):
            values = typed.getlist(blank.name)
            value = values[number] if blank.takes == "fields" and number < len(values) else typed.get(blank.name, "")
            blanks.append((blank, choices.of(blank), value))
    titles = {field["name"]: field["title"] for field in checked.table.definition["fields"]}
    own = queries.steward_rules(visit.actor, checked)
    context = {
        "report": found,
        "checked": checked,
        "own": [(row, sentence(row.body, titles)) for row in own],
        "kinds": [(code, RuleKind(code).label) for code in BLANKS],
        "kind": kind if blanks else "",
        "kind_label": RuleKind(kind).label if blanks else "",
        "blanks": blanks,
        "may": may,
        "typed": typed,
        "problem": problem,
    }
    return visit.render("quality/rules.html", context, status=problem.http_status if problem else 200)


def _take(visit: Visit, rule_id: UUID, said: str, act: Callable[..., object]) -> HttpResponse:
    rule: StewardRule = queries.own_rule(visit.actor, rule_id)
    checked = queries.table(visit.actor, rule.checked_id)
    try:
        act(rule=rule, by=visit.actor, now=visit.now)
    except JutongError as problem:
        return _show(visit, checked, problem)
    return visit.done(said, f"/quality/{checked.id}/rules")


@step(Permission.QUALITY_RULE_EDIT)
def trial(visit: Visit, rule_id: UUID) -> HttpResponseBase:
    """Have a rule counted on the real rows."""
    return _take(visit, rule_id, _("已下达试算"), actions.try_rule)


@step(Permission.QUALITY_RULE_EDIT)
def activate(visit: Visit, rule_id: UUID) -> HttpResponseBase:
    """Put a tried rule to use."""
    return _take(visit, rule_id, _("规则已启用，下次检查起生效"), actions.activate_rule)


@step(Permission.QUALITY_RULE_EDIT)
def retire(visit: Visit, rule_id: UUID) -> HttpResponseBase:
    """Take a rule out of use."""
    return _take(visit, rule_id, _("规则已停用"), actions.retire_rule)
