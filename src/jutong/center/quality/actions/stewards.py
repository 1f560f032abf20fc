"""Rules that somebody adds: typed, tried on real rows before they count, kept by version."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext
from pydantic import ValidationError

from jutong.center.audit import actions as audit
from jutong.center.library.models import Work
from jutong.center.library.works import order_work
from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.org.permissions import Permission
from jutong.center.quality.enums import StewardRuleState
from jutong.center.quality.errors import NothingToCheckError, RuleBrokenError, RuleNotTriedError
from jutong.center.quality.models import CheckedTable, StewardRule
from jutong.center.quality.orders import order_for, read_rule
from jutong.contracts.quality import CheckResult
from jutong.kernel.errors import NotFoundError

_NEXT = {
    StewardRuleState.DRAFT: (StewardRuleState.TRYING, StewardRuleState.RETIRED),
    StewardRuleState.TRYING: (StewardRuleState.TRIED, StewardRuleState.REFUSED),
    StewardRuleState.TRIED: (StewardRuleState.ACTIVE, StewardRuleState.TRYING, StewardRuleState.RETIRED),
    StewardRuleState.REFUSED: (StewardRuleState.TRYING, StewardRuleState.RETIRED),
    StewardRuleState.ACTIVE: (StewardRuleState.RETIRED,),
    StewardRuleState.RETIRED: (),
}
"""What may become of a rule."""


@transaction.atomic
def add_rule(
    *, checked: CheckedTable, code: str, title: str, body: Mapping[str, Any], by: Actor, now: datetime
) -> StewardRule:
    """Add a rule, or a new version of one; it counts nothing until it was tried and put to use.

    Args:
        checked: the table.
        code: the same again makes a new version.
        title: what people call it.
        body: kind and parameters; see ``contracts.quality``.
        by: a steward of the department that answers for the table.
        now: when.

    Raises:
        NotFoundError: if another department answers for it.
        RuleBrokenError: if it is no rule, or names a field the table does not have.
    """
    _require(checked, by)
    order = order_for(checked.table, checked.feed)
    if order is None:
        raise NothingToCheckError(table=checked.title)
    code, title = code.strip().lower(), title.strip()
    try:
        rule = read_rule({**body, "id": f"own.{code}", "title": title})
    except (ValidationError, TypeError, ValueError) as error:
        raise RuleBrokenError(reason=_reason(error)) from error
    known = {field.name for field in order.fields}
    named = [getattr(rule, part, "") for part in ("field", "when")] + list(getattr(rule, "fields", ()))
    if rule.kind == "compare":
        named.append(getattr(rule, "other", ""))
    missing = [name for name in named if name and name not in known]
    if missing or not title:
        reason = "、".join(missing) or gettext("没有名称")
        raise RuleBrokenError(reason=reason)
    newest = checked.steward_rules.filter(code=code).aggregate(newest=Max("version"))["newest"]
    row = StewardRule.objects.create(
        checked=checked, code=code, version=(newest or 0) + 1, kind=rule.kind, title=title[:100],
        body=rule.model_dump(mode="json"), made_by_id=by.user_id, made_at=now,
    )  # fmt: skip
    _record("add", row, by, now)
    return row


def _reason(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        place = ".".join(str(one) for one in first["loc"][-2:])
        return f"{place} {first['msg']}"[:200]
    return str(error)[:200]


@transaction.atomic
def try_rule(*, rule: StewardRule, by: Actor, now: datetime) -> Work:
    """Have a rule counted on the real rows, alone; nothing else follows from it.

    Raises:
        NotFoundError: if another department answers for the table.
        NothingToCheckError: if it has no rows yet.
        RuleNotTriedError: if the rule is in use or retired already.
    """
    locked = _begin(rule, StewardRuleState.TRYING, by)
    checked = locked.checked
    order = order_for(checked.table, checked.feed)
    if order is None:
        raise NothingToCheckError(table=checked.title)
    body = order.model_copy(
        update={"rules": (read_rule(locked.body),), "profile": False, "rows_before": -1, "profile_before": ()}
    )
    library = checked.table.library
    locked.trial = order_work(
        kind="check", body=body, node=library.node, library=library, table=checked.table.name, feed=checked.feed,
        by=by, now=now,
    )  # fmt: skip
    locked.state, locked.problem = StewardRuleState.TRYING, ""
    locked.save()
    _record("try", locked, by, now)
    return locked.trial


def take_trial(rule: StewardRule, found: CheckResult, by: Actor, now: datetime) -> None:
    """Take what a trial counted."""
    [count] = found.counts
    rule.evaluated, rule.failed, rule.state = count.evaluated, count.failed, StewardRuleState.TRIED
    rule.save()
    _record("tried", rule, by, now)


def take_failed_trial(work: Work, by: Actor, now: datetime) -> None:
    """Take the word that a trial ended without a count; a work that ends otherwise is none of ours."""
    if work.kind != "check" or work.state == "done":
        return
    rule = StewardRule.objects.select_for_update().filter(trial=work, state=StewardRuleState.TRYING).first()
    if rule is not None:
        rule.state, rule.problem = StewardRuleState.REFUSED, work.problem
        rule.save()
        _record("refused", rule, by, now)


@transaction.atomic
def activate_rule(*, rule: StewardRule, by: Actor, now: datetime) -> StewardRule:
    """Put a tried rule to use; an earlier version of it is retired.

    Raises:
        NotFoundError: if another department answers for the table.
        RuleNotTriedError: if it was not tried.
    """
    locked = _begin(rule, StewardRuleState.ACTIVE, by)
    locked.checked.steward_rules.filter(code=locked.code, state=StewardRuleState.ACTIVE).update(
        state=StewardRuleState.RETIRED, decided_at=now
    )
    locked.state, locked.decided_at = StewardRuleState.ACTIVE, now
    locked.save()
    _record("activate", locked, by, now)
    return locked


@transaction.atomic
def retire_rule(*, rule: StewardRule, by: Actor, now: datetime) -> StewardRule:
    """Take a rule out of use; what it found is closed by the next check.

    Raises:
        NotFoundError: if another department answers for the table.
        RuleNotTriedError: if it is under trial, or retired already.
    """
    locked = _begin(rule, StewardRuleState.RETIRED, by)
    locked.state, locked.decided_at = StewardRuleState.RETIRED, now
    locked.save()
    _record("retire", locked, by, now)
    return locked


def _require(checked: CheckedTable, by: Actor) -> None:
    org.require(by, Permission.QUALITY_RULE_EDIT)
    if checked.organisation_id != by.organisation_id:
        raise NotFoundError(what=str(checked.id))


def _begin(rule: StewardRule, to: StewardRuleState, by: Actor) -> StewardRule:
    locked = (
        StewardRule.objects.select_for_update(of=("self",))
        .select_related("checked__table__library__node")
        .get(id=rule.id)
    )
    _require(locked.checked, by)
    state = StewardRuleState(locked.state)
    if to not in _NEXT[state]:
        raise RuleNotTriedError(rule=locked.title, state=state.label)
    return locked


def _record(what: str, rule: StewardRule, by: Actor, now: datetime) -> None:
    audit.record(
        event=f"quality:rule:{what}", by=by, now=now, subject_kind="quality-rule", subject_id=rule.id,
        subject_label=f"{rule.checked.title} {rule.title}", kind=rule.kind, version=rule.version,
        evaluated=rule.evaluated, failed=rule.failed,
    )  # fmt: skip
