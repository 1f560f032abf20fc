from __future__ import annotations

from datetime import date

from django.http import HttpResponseBase
from django.utils.translation import gettext as _

from jutong.center.clocks import queries
from jutong.center.clocks.calendars import load_calendar_year, override_day
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import has
from jutong.kernel.calendar import DayRow
from jutong.kernel.errors import InvalidInputError, JutongError
from jutong.kernel.i18n import gettext_noop
from jutong.web.door import Visit, form_page, step

COLUMNS = 3


@form_page(Permission.CLOCKS_CALENDAR_VIEW)
def years(visit: Visit) -> HttpResponseBase:
    """Show the known years; system administrators load one."""
    problem = None
    typed = visit.request.POST
    if visit.is_post:
        try:
            year = _year(typed.get("year", ""))
            loaded = load_calendar_year(
                year=year,
                rows=_rows(typed.get("rows", ""), typed.get("source", "")),
                provisional=typed.get("provisional") == "1",
                source=typed.get("source", "").strip(),
                by=visit.actor,
                now=visit.now,
            )
        except JutongError as error:
            problem = error
        else:
            said = _("%(year)s年日历已载入，重算%(n)s个期限，其中%(moved)s个改期并已通知")
            return visit.done(
                said % {"year": loaded.year, "n": loaded.recomputed, "moved": loaded.moved}, "/admin/calendar"
            )
    context = {
        "years": queries.calendar_years(visit.actor)[:6],
        "problem": problem,
        "typed": typed,
        "may_load": has(visit.actor, Permission.CLOCKS_CALENDAR_LOAD),
    }
    return visit.render("admin/calendar.html", context, status=422 if problem else 200)


@step(Permission.CLOCKS_CALENDAR_LOAD)
def override(visit: Visit) -> HttpResponseBase:
    """Set one day against its year's calendar."""
    typed = visit.request.POST
    try:
        override_day(
            day=_day(typed.get("day", "")),
            is_workday=typed.get("is_workday") == "1",
            note=typed.get("note", "").strip(),
            by=visit.actor,
            now=visit.now,
        )
    except JutongError as problem:
        return visit.refuse(problem, back="/admin/calendar")
    return visit.done(_("这一天已改，受影响的期限已重算"), "/admin/calendar")


def _wrong(field: str, found: str, message: str) -> InvalidInputError:
    return InvalidInputError(problems=[{"field": _(field), "found": found, "message": _(message), "clause": ""}])


def _year(text: str) -> int:
    if not (text.isdigit() and len(text) == len("2027")):
        raise _wrong(gettext_noop("年份"), text, gettext_noop("请填四位年份，如2027"))
    return int(text)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise _wrong(gettext_noop("日期"), text, gettext_noop("请填日期，如2027-02-06")) from error


def _rows(text: str, source: str) -> list[DayRow]:
    """Read lines ``2027-02-06 休 春节``: date, 休 or 班, note."""
    rows = []
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split(maxsplit=COLUMNS - 1)
        if not words:
            continue
        if len(words) < COLUMNS - 1 or words[1] not in {"休", "班"}:
            message = _("第%(n)s行看不懂，应为“日期 休或班 说明”") % {"n": number}
            raise _wrong(gettext_noop("日期行"), line, message)
        note = words[COLUMNS - 1] if len(words) == COLUMNS else ""
        rows.append(DayRow(_day(words[0]), words[1] == "班", source, note))
    return rows
