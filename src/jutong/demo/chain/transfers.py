"""Two tables that are moved by plan: one every working day before office hours, one after it."""

from __future__ import annotations

from jutong.center.jobs import transfers as actions
from jutong.center.jobs.schedule import Schedule
from jutong.center.jobs.transfer import Transfer
from jutong.demo.stage import Stage

FIRST, SECOND = "婚姻登记信息", "最低生活保障对象信息"
PROMISED_HOURS = 26
LEFT_OUT = frozenset(("unique-nfsfhm", "code-qhdm"))
"""Proposed and taken out: a couple may register twice, and the city's divisions are invented, so in no standard."""


def load(stage: Stage) -> None:
    """Save both with what is proposed for them, as their department's steward would."""
    first = _saved(stage, FIRST, Schedule(kind="workdays", at="06:30"))
    _saved(stage, SECOND, Schedule(kind="after", transfer=str(first.id)))


def _saved(stage: Stage, name: str, schedule: Schedule) -> Transfer:
    by = stage.steward("civil")
    draft = actions.draft_transfer(entry=stage.entry(name), by=by, now=stage.ago(1))
    work = actions.terms_of(draft).work
    fitting = tuple(rule for rule in work.rules if rule.id not in LEFT_OUT)
    changed = actions.change_transfer(
        transfer=draft, by=by, now=stage.ago(1, minutes=5), name=f"{name}入库", schedule=schedule,
        promised_hours=PROMISED_HOURS, work=work.model_copy(update={"rules": fitting}),
    )  # fmt: skip
    return actions.switch_on(transfer=changed, by=by, now=stage.now)
