"""The periods that bind, a division's own, and what a clock would do."""

from __future__ import annotations

from typing import Annotated

from ninja import Query, Router
from pydantic import Field

from jutong.api.door import ApiRequest, asks
from jutong.api.shapes import clocks as shapes
from jutong.api.shapes.common import PageOut
from jutong.api.types import Asked, Day
from jutong.center.clocks import local, rules, whatif
from jutong.center.org.permissions import Permission
from jutong.kernel.clock import civil_date
from jutong.standards.local_rules import read_rules

router = Router(tags=["期限 clocks"])


class PeriodsAsked(Asked):
    """Whose periods, on which day."""

    division: Annotated[
        str, Field(max_length=12, pattern=r"^\d*$", description="行政区划代码，默认为本单位的 · default: one's own")
    ] = ""
    on: Annotated[Day | None, Field(description="哪一天，默认今天 · the day, today if left out")] = None


@router.get(
    "/periods",
    operation_id="listClockPeriods",
    summary="适用的期限 · the periods in force",
    **asks(Permission.CLOCKS_CALENDAR_VIEW, PageOut[shapes.ClockPeriodOut], 422),
)
def periods(request: ApiRequest, asked: Query[PeriodsAsked]) -> PageOut[shapes.ClockPeriodOut]:
    """Return every period in force on a day for a division: the law's, or a stricter local one beside it."""
    caller = request.auth
    known = rules.Rules(asked.on or civil_date(caller.now))
    rows = known.periods(asked.division or caller.actor.division_code)
    return PageOut(rows=[shapes.period_out(row) for row in rows], next="")


@router.get(
    "/rules",
    operation_id="listClockRuleSets",
    summary="已装入的地方期限规定 · rule sets that were loaded",
    **asks(Permission.CLOCKS_CALENDAR_VIEW, PageOut[shapes.ClockRuleSetOut]),
)
def rule_sets(request: ApiRequest) -> PageOut[shapes.ClockRuleSetOut]:
    """Return every rule set, each division's newest first."""
    return PageOut(rows=[shapes.rule_set_out(row) for row in rules.rule_sets(request.auth.actor)], next="")


@router.post(
    "/rules",
    operation_id="loadClockRules",
    summary="装入地方期限规定 · load a division's own periods",
    **asks(Permission.CLOCKS_RULE_LOAD, shapes.ClockRuleSetOut, 404, 409, 415, 422, status=201),
)
def load(request: ApiRequest, body: shapes.ClockRulesIn) -> shapes.ClockRuleSetOut:
    """Load the next version of the own division's periods; one looser than the law is refused (条例 23)."""
    caller = request.auth
    found = read_rules(body.model_dump(mode="json", exclude_none=True))
    return shapes.rule_set_out(local.load_rules(rules=found, by=caller.actor, now=caller.now))


@router.post(
    "/calculation",
    operation_id="calculateClock",
    summary="测算期限 · work a period out day by day",
    **asks(Permission.CLOCKS_CALENDAR_VIEW, shapes.ClockCalculationOut, 404, 415, 422),
)
def calculate(request: ApiRequest, body: shapes.ClockCalculationIn) -> shapes.ClockCalculationOut:
    """Return the due date and every day of a clock that nobody starts by asking."""
    found = whatif.work_out(
        request.auth.actor,
        period_id=body.period,
        started_on=body.started_on,
        pauses=tuple((pause.first, pause.last) for pause in body.pauses),
        extension=body.extension,
        division_code=body.division,
    )
    return shapes.calculation_out(found)
