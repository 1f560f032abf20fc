from __future__ import annotations

from datetime import date

from ninja import Router

from jutong.api.door import ApiRequest, asks
from jutong.api.shapes.common import PageOut
from jutong.api.types import Out
from jutong.center.clocks import queries
from jutong.center.clocks.queries import YearView
from jutong.center.org.permissions import Permission

router = Router(tags=["工作日历 calendar"])


class CalendarDayOut(Out):
    """A day that differs from the plain week."""

    day: date
    is_workday: bool
    note: str


class CalendarYearOut(Out):
    """One year of the working-day calendar; ``status`` is official or provisional (暂定)."""

    year: int
    status: str
    source: str
    workdays: int
    days: list[CalendarDayOut]


def _year(row: YearView) -> CalendarYearOut:
    days = [CalendarDayOut(day=day.day, is_workday=day.is_workday, note=day.note) for day in row.rows]
    return CalendarYearOut(
        year=row.year, status=row.status.value, source=row.source, workdays=row.workdays, days=days
    )  # fmt: skip


@router.get(
    "/years",
    operation_id="listCalendarYears",
    summary="工作日历 · years the law's clocks count on",
    **asks(Permission.CLOCKS_CALENDAR_VIEW, PageOut[CalendarYearOut]),
)
def years(request: ApiRequest) -> PageOut[CalendarYearOut]:
    """Return every known year, the latest first."""
    return PageOut(rows=[_year(row) for row in queries.calendar_years(request.auth.actor)], next="")
