"""Which periods hold for whom: the law's, and over them the rule sets of a division and those above it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from jutong.center.clocks.models import RuleSet, StatutoryClock
from jutong.center.org.actor import Actor
from jutong.center.org.authorities import line_of
from jutong.center.org.models import Organisation
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import require
from jutong.standards import periods
from jutong.standards.ladder import LadderStep, ladder
from jutong.standards.periods import Period


@dataclass(frozen=True, slots=True)
class Ruled:
    """A period as it holds somewhere on a day, the law's own, and the rule set that changed it, if one did."""

    period: Period
    law: Period
    rule_set: RuleSet | None = None

    @property
    def clause(self) -> str:
        """Where the period is written: the law, or the local rule."""
        if self.rule_set is None:
            return f"{self.law.source}{self.law.clause}"
        local = next(row.clause for row in self.rule_set.periods.all() if row.period == self.law.id)
        return f"{self.rule_set.title}{local}"[:64]


class Rules:
    """The rules in force on a day, read once; asks nothing more however many periods are looked up."""

    def __init__(self, on: date) -> None:
        self.on = on
        self._sets: dict[str, RuleSet] = {}
        loaded = RuleSet.objects.filter(effective_from__lte=on).prefetch_related("periods")
        for row in loaded.order_by("division_code", "version"):
            self._sets[row.division_code] = row
        self._lines: dict[str, list[RuleSet]] = {}

    def sets_for(self, division_code: str) -> list[RuleSet]:
        """Return the rule sets that bind a division, the outermost first."""
        if not self._sets:
            return []
        if division_code not in self._lines:
            line = [division_code, *line_of(division_code)]
            self._lines[division_code] = [self._sets[code] for code in reversed(line) if code in self._sets]
        return self._lines[division_code]

    def period(self, period_id: str, division_code: str) -> Ruled:
        """Return a period as it binds an organisation of a division.

        Raises:
            PeriodUnknownError: if the law knows no such period on that day.
        """
        law = periods.period(period_id, on=self.on)
        found, by = law, None
        local: list[tuple[int, int | None]] = []
        for rule_set in self.sets_for(division_code):
            for row in rule_set.periods.all():
                if row.period == period_id:
                    local.append((row.length, row.extension_cap))
                    tighter = periods.strictest(law, *local)
                    by = rule_set if tighter != found else by
                    found = tighter
        return Ruled(found, law, by if found.local else None)

    def periods(self, division_code: str) -> list[Ruled]:
        """Return every period in force, in the order of the law's table."""
        return [self.period(period_id, division_code) for period_id in periods.in_force(self.on)]

    def ladder(self, division_code: str) -> tuple[LadderStep, ...]:
        """Return the rungs for a division; the innermost rule set that sets a rung's days wins."""
        message: int | None = None
        superior: int | None = None
        for rule_set in self.sets_for(division_code):
            message = message if rule_set.message_left is None else rule_set.message_left
            superior = superior if rule_set.superior_after is None else rule_set.superior_after
        return ladder(self.on, message_left=message, superior_after=superior)

    @property
    def divisions(self) -> Iterable[str]:
        """The divisions that have a rule set of their own."""
        return self._sets


def period_for(period_id: str, division_code: str, *, on: date) -> Ruled:
    """Return one period as it binds an organisation of a division on a day; see ``Rules.period``."""
    return Rules(on).period(period_id, division_code)


class OfficePeriods:
    """The periods that bind organisations on a day, for pages and lists that name many; asks at most twice."""

    def __init__(self, on: date) -> None:
        self._rules = Rules(on)
        self._divisions: dict[str, str] | None = None

    def days(self, period_id: str, organisation_code: str) -> int:
        """Return the length of a period as it binds an organisation; the law's where nobody set a stricter one."""
        if not self._rules.divisions:
            return self._rules.period(period_id, "").period.length
        if self._divisions is None:
            self._divisions = dict(Organisation.objects.values_list("code", "division_code"))
        return self._rules.period(period_id, self._divisions.get(organisation_code, "")).period.length


def cap_of(clock: StatutoryClock) -> int:
    """Return the most working days a clock may be extended by in all, by the rules it started under."""
    if clock.extension_cap is not None:
        return clock.extension_cap
    return periods.period(clock.period, on=clock.started_on).extension_cap


def rule_sets(actor: Actor) -> list[RuleSet]:
    """Return every loaded rule set, each division's newest first."""
    require(actor, Permission.CLOCKS_CALENDAR_VIEW)
    return list(RuleSet.objects.prefetch_related("periods"))
