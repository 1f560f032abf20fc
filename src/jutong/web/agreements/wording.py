"""Terms and measured values as people read them."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from jutong.center.agreement.enums import ObligationKind
from jutong.center.agreement.queries import Kept
from jutong.center.catalog.enums import BindingHealth
from jutong.center.catalog.health import explain
from jutong.center.clocks.queries import period_name
from jutong.standards.agreement import Term, Value, standard_text
from jutong.web.templatetags.ui import day, moment


@dataclass(frozen=True)
class TermRow:
    """One blank: what it is called, what stands in it, what stood there before, what may stand there."""

    name: str
    label: str
    note: str
    type: str
    value: Value
    shown: str
    before: str
    choices: list[tuple[str, str]]
    least: int
    most: int


def _english() -> bool:
    return (get_language() or "").startswith("en")


def _shown(term: Term, value: Value) -> str:
    if term.type == "choice":
        return (term.choices_en if _english() else term.choices).get(str(value), str(value))
    return str(value)


def term_rows(terms: Mapping[str, Value], before: Mapping[str, Value] | None) -> list[TermRow]:
    """Return the blanks of a version in the reader's language."""
    english = _english()
    rows = []
    for name, term in standard_text().terms.items():
        value = terms[name]
        old = before.get(name, value) if before else value
        rows.append(
            TermRow(
                name=name, label=term.label_en if english else term.label, note=term.note_en if english else term.note,
                type=term.type, value=value, shown=_shown(term, value),
                before="" if old == value else _shown(term, old),
                choices=list((term.choices_en if english else term.choices).items()), least=term.least, most=term.most,
            )
        )  # fmt: skip
    return rows


def measured(kind: str, value: int | None) -> str:
    """Return a measured value or a bound in the unit of its kind."""
    if value is None:
        return "—"
    if kind == ObligationKind.AVAILABILITY:
        return f"{value / 100:.2f}%"
    if kind == ObligationKind.RESPONSE:
        return gettext("%(n)s毫秒") % {"n": value}
    if kind == ObligationKind.FRESHNESS:
        return gettext("%(n)s小时") % {"n": value}
    if kind in {ObligationKind.QUOTA, ObligationKind.SCOPE}:
        return gettext("%(n)s次") % {"n": value}
    return str(value)


def kept_rows(rows: Iterable[Kept]) -> list[dict[str, object]]:
    """Return the duties of a version as the page shows them, with one mark a day, the oldest first."""
    return [
        {
            "kind": row.obligation.get_kind_display(),
            "side": row.obligation.side,
            "bound": measured(row.obligation.kind, row.obligation.bound),
            "value": measured(row.obligation.kind, row.newest.value if row.newest else None),
            "met": row.newest.met if row.newest else None,
            "day": row.newest.day if row.newest else None,
            "broken": sum(1 for day in row.days if day.met is False),
            "days": len([day for day in row.days if day.met is not None]),
        }
        for row in rows
    ]


_FACTS = {
    "case": _("办件编号"),
    "period": _("期限"),
    "due_on": _("应办结"),
    "clock": _("期限编号"),
    "source": _("数据源"),
    "health": _("探测结果"),
    "problems": _("发现的问题"),
    "newest_at": _("数据最新时间"),
    "checked_at": _("探测时间"),
    "binding": _("挂接编号"),
    "p95_ms": _("95%的调用用时（毫秒）"),
    "violations": _("违规编号"),
}


def facts(kind: str, evidence: Mapping[str, object]) -> list[tuple[str, object]]:
    """Return what proves a breach of a kind besides records and counts, each under the name people know it by.

    Quality keeps the worst a day saw, while the probe kept with it is of the day's end: it may be well again.
    """
    rows = [(name, evidence[name]) for name in _FACTS if evidence.get(name)]
    rows += [(name, value) for name, value in sorted(evidence.items()) if name not in {*_FACTS, "outcomes", "records"}]
    shown = [(name, _fact(name, value, evidence)) for name, value in rows]
    if kind == ObligationKind.QUALITY and evidence.get("health") == BindingHealth.OK:
        shown = [(name, gettext("当日有问题，后已恢复正常") if name == "health" else value) for name, value in shown]
    return [(str(_FACTS.get(name, name)), value) for name, value in shown]


def _fact(name: str, value: object, evidence: Mapping[str, object]) -> object:
    if name == "period":
        return period_name(str(value), date.fromisoformat(str(evidence["due_on"])))
    if name == "health" and value in BindingHealth.values:
        return BindingHealth(str(value)).label
    if name in {"newest_at", "checked_at"}:
        return moment(datetime.fromisoformat(str(value)))
    if name == "due_on":
        return day(date.fromisoformat(str(value)))
    if isinstance(value, list):
        return "；".join(_problem(str(each)) for each in value)
    return value


def _problem(text: str) -> str:
    """Say what a probe found in words; evidence keeps its problems as text."""
    try:
        found = ast.literal_eval(text)
        return "；".join(explain([found])) if isinstance(found, dict) else text
    except (ValueError, SyntaxError, KeyError):
        return text
