"""The clocks of a large city: every open one counted again, scanned for the ladder, and told to a page.

make bench-clock                        100,000 open clocks
make bench-clock ARGS="--size 20000"    another number
"""

from __future__ import annotations

import argparse
import random
import shutil
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import _filled
from _report import Report

TODAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
GOAL_S = 10.0
PERIODS = ("SLA-REP-U", "SLA-REP-C", "SLA-SUP", "SLA-COR", "SLA-CAT-UPD", "SLA-RECT", "SLA-VIO")
SPREAD = 25
"""Calendar days before today over which the clocks were started."""


def fill(count: int) -> None:
    """Write so many running clocks, a tenth of them with a pause behind them and a tenth extended."""
    from django.db import connection

    from jutong.center.clocks.models import StatutoryClock
    from jutong.center.clocks.queries import calendar
    from jutong.center.org.models import Division, Organisation
    from jutong.kernel.deadlines import compute
    from jutong.standards import periods

    Division.objects.create(code="629900", name="金河市", level="city", valid_from=date(2020, 1, 1))
    owners = Organisation.objects.bulk_create(
        Organisation(
            code=f"X{at:017}", name=f"第{at}号单位", short_name=f"{at}号单位", division_code="629900", created_at=NOW,
            is_authority=at == 0,
        )
        for at in range(300)
    )  # fmt: skip
    days, chosen = calendar(), random.Random(20261122)
    rows: list[Any] = []
    for number in range(count):
        law = periods.period(chosen.choice(PERIODS), on=TODAY)
        started = TODAY - timedelta(days=chosen.randrange(SPREAD))
        extension = min(law.extension_cap, chosen.randrange(1, 6)) if chosen.random() < 0.1 else 0
        first = started + timedelta(days=1)
        pauses = [(first, first + timedelta(days=chosen.randrange(4)))] if chosen.random() < 0.1 else []
        due = compute(started, law.length + extension, days, pauses)
        rows.append(
            StatutoryClock(
                period=law.id, clause=f"{law.source}{law.clause}", subject_kind="case", subject_id=str(number),
                subject_label=f"第{number}件", organisation=chosen.choice(owners), started_on=started,
                length=law.length, extension=extension, extension_cap=law.extension_cap,
                pauses=[[a.isoformat(), b.isoformat()] for a, b in pauses], due_on=due.due_on,
            )
        )  # fmt: skip
    StatutoryClock.objects.bulk_create(rows, batch_size=2000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    found = work()
    return time.perf_counter() - started, found


def measure(report: Report) -> None:
    """Take every figure and report it."""
    from jutong.center.clocks import actions, queries
    from jutong.center.clocks.actions import load_calendar_year, override_day
    from jutong.center.clocks.escalation import escalate
    from jutong.center.clocks.models import StatutoryClock
    from jutong.center.org.actor import platform_actor
    from jutong.kernel.calendar import official_years

    by = platform_actor("bench")
    year = official_years()[TODAY.year]
    seconds, outcome = timed(
        lambda: load_calendar_year(
            year=TODAY.year, rows=year.rows, provisional=False, source="bench", by=by, now=NOW
        )
    )  # fmt: skip
    _say(report, f"recompute {outcome.recomputed} open clocks, none moves", seconds)
    seconds, outcome = timed(
        lambda: override_day(day=date(2026, 11, 23), is_workday=False, note="bench", by=by, now=NOW)
    )
    _say(report, f"recompute {outcome.recomputed} open clocks, {outcome.moved} move and are told", seconds)
    seconds, views = timed(lambda: queries.views(StatutoryClock.objects.select_related("organisation"), TODAY))
    _say(report, f"tell {len(views)} clocks in working days", seconds, goal=False)
    seconds, count = timed(lambda: _all(lambda: len(actions.scan_breaches(by=by, now=NOW))))
    report.row(f"find {count} breaches", round(seconds, 1), "s")
    seconds, count = timed(lambda: escalate(by=by, now=NOW))
    report.row(f"take {count} rungs of the ladder in one scan", round(seconds, 2), "s")


def _say(report: Report, name: str, seconds: float, *, goal: bool = True) -> None:
    if goal:
        report.row(name, round(seconds, 2), "s", goal=f"<= {GOAL_S:.0f}", met=seconds <= GOAL_S)
    else:
        report.row(name, round(seconds, 2), "s")


def _all(scan: Callable[[], int]) -> int:
    total = 0
    while found := scan():
        total += found
    return total


def main() -> None:
    """Measure in a registry of its own, which is gone afterwards."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--size", type=int, default=100_000)
    size = arguments.parse_args().size
    home = Path(tempfile.mkdtemp(prefix="jutong-bench-"))
    report = Report("clock")
    try:
        with _filled.instance(home):
            fill(size)
            measure(report)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    report.finish()


if __name__ == "__main__":
    main()
