"""期限测算: a period worked out day by day; the address keeps the question, so that it can be passed on."""

from __future__ import annotations

from datetime import date

from django.http import HttpResponseBase, QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jutong.center.clocks import queries, whatif
from jutong.center.org.permissions import Permission
from jutong.kernel.clock import civil_date
from jutong.kernel.deadlines import DayKind, Pause
from jutong.kernel.errors import InvalidInputError, JutongError
from jutong.kernel.i18n import gettext_noop
from jutong.standards import periods
from jutong.standards.periods import Unit
from jutong.web.door import Visit, page

REASONS = {
    DayKind.RECEIPT: gettext_lazy("收到之日，不计"),
    DayKind.COUNTED: gettext_lazy("计入"),
    DayKind.EXTENDED: gettext_lazy("延长，计入"),
    DayKind.PAUSED: gettext_lazy("停表，不计"),
    DayKind.REST: gettext_lazy("不是工作日，不计"),
}
_LONGEST_NUMBER = 4


@page(Permission.CLOCKS_CALENDAR_VIEW)
def show(visit: Visit) -> HttpResponseBase:
    """Show the form and, once a period is chosen, every day of it."""
    typed, today = visit.request.GET, civil_date(visit.now)
    found, problem = None, None
    if typed.get("period"):
        try:
            found = whatif.work_out(
                visit.actor,
                period_id=typed.get("period", ""),
                started_on=_day("started_on", typed.get("started_on", "")),
                pauses=_pauses(typed),
                extension=_number(typed.get("extension", "")),
            )
        except JutongError as error:
            problem = error
    counted = [row for row in periods.in_force(today).values() if row.unit is Unit.WORKDAY]
    context = {
        "choices": [("", _("请选择")), *((row.id, queries.period_name(row.id, today)) for row in counted)],
        "typed": typed,
        "started_on": typed.get("started_on") or today.isoformat(),
        "pause_rows": [(n, typed.get(f"pause_{n}", ""), typed.get(f"resume_{n}", "")) for n in (1, 2)],
        "found": found,
        "days": [(row, REASONS[row.kind]) for row in found.days] if found else [],
        "name": queries.period_name(found.ruled.law.id, today) if found else "",
        "problem": problem,
    }
    return visit.render("clocks/calculator.html", context, status=problem.http_status if problem else 200)


def _pauses(typed: QueryDict) -> tuple[Pause, ...]:
    pairs = [(typed.get(f"pause_{n}", ""), typed.get(f"resume_{n}", "")) for n in (1, 2)]
    return tuple((_day("pauses", first), _day("pauses", last)) for first, last in pairs if first or last)


def _day(field: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise _wrong(field, text, gettext_noop("请填日期，如2026-11-20")) from error


def _number(text: str) -> int:
    if not text:
        return 0
    if not (text.isascii() and text.isdigit() and len(text) < _LONGEST_NUMBER):
        raise _wrong("extension", text, gettext_noop("请填工作日数"))
    return int(text)


def _wrong(field: str, found: str, message: str) -> InvalidInputError:
    row = {"field": field, "found": found[:40], "allowed": _(message), "clause": "", "message": _(message)}
    return InvalidInputError(problems=[row])
