"""Where an actor stands towards a violation, and which cases are seen from there."""

from __future__ import annotations

from django.db.models import Q

from jutong.center.org.actor import Actor
from jutong.center.org.enums import Role
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import NOBODY, has
from jutong.center.process.sides import Side
from jutong.center.supervision.models import Case

SEEING = (
    Permission.SHARING_VIOLATION_VIEW,
    Permission.SUPERVISION_VIOLATION_ANSWER,
    Permission.SUPERVISION_VIOLATION_DECIDE,
    Permission.SUPERVISION_VIOLATION_REPORT,
)
"""Any of these opens the list; what stands in it depends on the side."""


def sides_of(case: Case, actor: Actor) -> set[Side]:
    """Return the actor's sides: judge in the post the case went to, or the one it is about, never both."""
    if actor.is_platform:
        return {Side.PLATFORM}
    if case.judge is not None and actor.organisation_id == case.judge_id and actor.role == case.judge_role:
        if case.judge_role == Role.LEADER:
            return {Side.GOVERNMENT}
        return {Side.SUPERIOR if case.judge.division_code != case.concerned.division_code else Side.AUTHORITY}
    if actor.organisation_id == case.concerned_id and actor.role != Role.LEADER:
        return {Side.CONCERNED}
    return set()


def visible(actor: Actor) -> Q:
    """Return which cases an actor may know of."""
    own = actor.organisation_id or NOBODY
    rule = Q(judge_id=own, judge_role=actor.role)
    if has(actor, Permission.SHARING_VIOLATION_VIEW) or has(actor, Permission.SUPERVISION_VIOLATION_ANSWER):
        rule |= Q(concerned_id=own)
    if has(actor, Permission.SUPERVISION_VIOLATION_REPORT):
        rule |= Q(reporter_id=own)
    if actor.role in {Role.AUTHORITY, Role.LEADER}:
        rule |= Q(concerned__division_code=actor.division_code)
    return rule
