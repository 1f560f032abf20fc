"""Terms and measured values as people read them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.translation import get_language, gettext

from jutong.center.agreement.enums import ObligationKind
from jutong.center.agreement.queries import Kept
from jutong.standards.agreement import Term, Value, standard_text


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
