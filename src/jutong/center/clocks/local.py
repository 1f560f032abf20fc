"""Loading a locality's rule set, and taking the rungs of the ladder."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from jutong.center.audit.actions import record
from jutong.center.clocks.errors import RuleSetForeignError, RuleSetOrderError, RuleSetSameError
from jutong.center.clocks.models import RulePeriod, RuleSet
from jutong.center.constraints import constraint_errors
from jutong.center.org.actor import Actor
from jutong.center.org.models import Division
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import require
from jutong.kernel.errors import NotFoundError
from jutong.standards.local_rules import LocalRules


@transaction.atomic
def load_rules(*, rules: LocalRules, by: Actor, now: datetime) -> RuleSet:
    """Load a division's own periods as its next version; clocks that run keep the version they started under.

    Raises:
        ForbiddenError: if ``by`` does not load rules.
        RuleSetForeignError: if an authority loads for another division than its own.
        NotFoundError: for a division that is not registered.
        RuleSetOrderError: if a later version would take effect before the one it follows.
        RuleSetSameError: if the content is that of the newest version, or two load at once.
    """
    require(by, Permission.CLOCKS_RULE_LOAD)
    if not by.is_platform and by.division_code != rules.division:
        raise RuleSetForeignError(division=rules.division, own=by.division_code)
    if not Division.objects.filter(code=rules.division, valid_until=None).exists():
        raise NotFoundError(what=rules.division)
    newest = RuleSet.objects.filter(division_code=rules.division).order_by("-version").first()
    if newest is not None and newest.digest == rules.digest:
        raise RuleSetSameError(title=rules.title, version=newest.version)
    if newest is not None and rules.effective_from < newest.effective_from:
        raise RuleSetOrderError(found=rules.effective_from, earliest=newest.effective_from)
    version = 1 if newest is None else newest.version + 1
    made = RuleSet(
        division_code=rules.division, version=version, title=rules.title, document=rules.document,
        effective_from=rules.effective_from, message_left=rules.message_left, superior_after=rules.superior_after,
        digest=rules.digest, loaded_by=by.name, loaded_at=now,
    )  # fmt: skip
    with constraint_errors(rule_set_version_once=RuleSetSameError(title=rules.title, version=version)):
        made.save(force_insert=True)
    RulePeriod.objects.bulk_create(
        RulePeriod(
            rule_set=made, period=row.id, length=row.length, extension_cap=row.extension_cap, clause=row.clause
        )
        for row in rules.periods
    )  # fmt: skip
    record(
        event="clocks:rule:load", by=by, now=now, subject_kind="clock-rules", subject_id=made.id,
        subject_label=f"{made.title} {made.document}", division=made.division_code, version=version,
        effective_from=made.effective_from.isoformat(), periods=[row.id for row in rules.periods], digest=made.digest,
    )  # fmt: skip
    return made
