"""`jutong calendar`: the working-day calendars the law's clocks count on."""

from __future__ import annotations

from typing import TextIO

import click

from jutong.cli.center import center
from jutong.cli.text import columns, say
from jutong.kernel.calendar import YearStatus
from jutong.kernel.clock import utc_now
from jutong.kernel.i18n import gettext_noop
from jutong.standards.holidays import CalendarFileError, parse_year

LOADED = gettext_noop(
    "已装入{year}年工作日历（{status}），来源：{source}。重新计算{recomputed}个期限，其中{settled}个由暂定转为确定，{moved}个日期有变并已通知。"
)
NO_SUCH_YEAR = gettext_noop("没有{year}年的工作日历。")
STATUS = {YearStatus.OFFICIAL: gettext_noop("正式"), YearStatus.PROVISIONAL: gettext_noop("暂定")}


@click.group()
def calendar() -> None:
    """工作日历 · working-day calendars."""


@calendar.command()
@click.argument("year", type=click.IntRange(2000, 2200))
@click.argument("file", type=click.File(encoding="utf-8"))
@click.option("--provisional", is_flag=True, help="国务院通知未发布时的暂定日历 · until the official notice is out")
def load(year: int, file: TextIO, *, provisional: bool) -> None:
    """装入一年的工作日历 · load the calendar of a year from a JSON file.

    The file says itself which year and whether it is official; both must agree with the command.
    """
    found = parse_year(file.read())
    wanted = YearStatus.PROVISIONAL if provisional else YearStatus.OFFICIAL
    if found.year != year:
        raise CalendarFileError(place="/year", found=found.year, allowed=year)
    if found.status is not wanted:
        raise CalendarFileError(place="/status", found=found.status, allowed=wanted)
    with center() as by:
        from jutong.center.clocks.actions import load_calendar_year

        outcome = load_calendar_year(
            year=year, rows=found.rows, provisional=provisional, source=found.source, by=by, now=utc_now()
        )
    counts = {"recomputed": outcome.recomputed, "settled": outcome.settled, "moved": outcome.moved}
    say(LOADED, year=year, status=STATUS[wanted], source=found.source, **counts)


@calendar.command()
@click.argument("year", type=int, required=False)
def show(year: int | None) -> None:
    """查看工作日历 · show the known years, or the days of one year that differ from the plain week."""
    with center() as by:
        from jutong.center.clocks.queries import calendar_years

        years = calendar_years(by)
    rows: list[tuple[object, ...]]
    if year is None:
        rows = [(row.year, STATUS[row.status], row.workdays, row.source) for row in years]
    else:
        rows = [
            (day.day.isoformat(), "上班" if day.is_workday else "休息", day.note, day.source)
            for row in years
            if row.year == year
            for day in row.rows
        ]
    if not rows:
        say(NO_SUCH_YEAR, year=year)
    for line in columns(rows):
        click.echo(line)
