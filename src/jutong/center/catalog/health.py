"""From what a node saw of a binding to its health: pure, each problem named with its numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import get_language

from jutong.center.catalog.enums import BindingHealth
from jutong.kernel.clock import BEIJING
from jutong.kernel.i18n import SOURCE_LANGUAGE, gettext_noop, translate
from jutong.standards.binding import WatchRules

UNKNOWN_ROWS = -1
TEXTS: Mapping[str, str] = {
    "down": gettext_noop("连不上：{reason}"),
    "columns-missing": gettext_noop("与目录描述不符：找不到列{columns}"),
    "stale": gettext_noop("最新数据是{newest}的，超过了更新周期和容差"),
    "ahead": gettext_noop("最新数据写的是将来的时间{newest}，请核对该列"),
    "undated": gettext_noop("读不出最新数据的时间，请核对更新时间列"),
    "empty": gettext_noop("里面没有数据"),
    "collapsed": gettext_noop("行数从{usual}降到{rows}，请核对是否误删"),
}
"""What each problem says; the fields come from the check."""
Problem = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Look:
    """What one check saw, with what the entry promises.

    Attributes:
        alive: whether something answered.
        reason: why not.
        missing: described columns that are gone.
        rows: how many rows or files, -1 where it could not tell.
        newest: when the newest row or file was written, None where it could not tell.
        dated: whether the check was told where to look for that.
        cycle: the entry's update cycle.
        usual_rows: how many rows were normal so far, None before the first check.
    """

    alive: bool
    reason: str
    missing: tuple[str, ...]
    rows: int
    newest: datetime | None
    dated: bool
    cycle: str
    usual_rows: int | None


def judge(look: Look, rules: WatchRules, now: datetime) -> tuple[BindingHealth, list[Problem]]:
    """Return the health a look means and every problem, the gravest first."""
    if not look.alive:
        return BindingHealth.DOWN, [_problem("down", reason=look.reason)]
    problems = [*_schema(look), *_amount(look, rules), *_freshness(look, rules, now)]
    return (BindingHealth.DEGRADED if problems else BindingHealth.OK), problems


def usual_after(look: Look, rules: WatchRules) -> int | None:
    """Return how many rows are normal from now on; a collapse changes nothing until a person says that it is right."""
    if look.rows == UNKNOWN_ROWS or not look.alive or _collapsed(look, rules):
        return look.usual_rows
    return look.rows


def explain(problems: Iterable[Problem]) -> list[str]:
    """Return problems as sentences in the language of whoever is served."""
    language = get_language() or SOURCE_LANGUAGE
    return [translate(TEXTS[row["code"]], language).format(**row["fields"]) for row in problems]


def _problem(code: str, **fields: str | int) -> Problem:
    return {"code": code, "fields": fields}


def _schema(look: Look) -> list[Problem]:
    return [_problem("columns-missing", columns="、".join(look.missing))] if look.missing else []


def _amount(look: Look, rules: WatchRules) -> list[Problem]:
    if look.rows == 0:
        return [_problem("empty")]
    if _collapsed(look, rules):
        return [_problem("collapsed", usual=look.usual_rows or 0, rows=look.rows)]
    return []


def _collapsed(look: Look, rules: WatchRules) -> bool:
    usual = look.usual_rows or 0
    judged = look.rows != UNKNOWN_ROWS and usual >= rules.collapse_least_rows
    return judged and look.rows < usual * rules.collapse_share


def _freshness(look: Look, rules: WatchRules, now: datetime) -> list[Problem]:
    if not look.dated or look.rows == 0:
        return []
    if look.newest is None:
        return [_problem("undated")]
    if look.newest > now + rules.future_slack:
        return [_problem("ahead", newest=_civil(look.newest))]
    late_after = rules.late_after.get(look.cycle)
    if late_after is not None and now > look.newest + late_after:
        return [_problem("stale", newest=_civil(look.newest))]
    return []


def _civil(moment: datetime) -> str:
    return f"{moment.astimezone(BEIJING):%Y-%m-%d %H:%M}"
