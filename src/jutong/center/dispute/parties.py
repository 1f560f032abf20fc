"""Where somebody stands towards a dispute, who coordinates it and which government decides (条例 28)."""

from __future__ import annotations

from django.db.models import Q

from jutong.center.dispute.models import Dispute
from jutong.center.org.actor import Actor
from jutong.center.org.enums import Role
from jutong.center.org.lineage import common_authority, common_divisions
from jutong.center.org.models import Organisation
from jutong.center.org.queries import NOBODY
from jutong.center.process.sides import Side


def coordinator_for(first: Organisation, second: Organisation) -> Organisation | None:
    """Return who coordinates between two departments.

    Of the same level and area it is their own authority; across levels or areas the lowest authority above both.
    An authority that is a party itself is passed over, because nobody coordinates its own dispute.
    """
    return common_authority(first.division_code, second.division_code, but={first.id, second.id})


def government_for(first: Organisation, second: Organisation, coordinator: Organisation | None) -> str:
    """Return the division whose government decides: the coordinator's, else the lowest that holds both; or nothing."""
    if coordinator is not None:
        return coordinator.division_code
    return next(iter(common_divisions(first.division_code, second.division_code)), "")


def sides_of(dispute: Dispute, actor: Actor) -> frozenset[Side]:
    """Return the sides an actor stands on; empty for somebody who may not know of the dispute.

    The coordinator comes to know of it when it is escalated, the government when the coordinator does.
    """
    if actor.is_platform:
        return frozenset({Side.PLATFORM})
    if actor.organisation_id is None:
        return frozenset()
    sides = set()
    if actor.role != Role.LEADER:
        if actor.organisation_id == dispute.claimant_id:
            sides.add(Side.CLAIMANT)
        if actor.organisation_id == dispute.respondent_id:
            sides.add(Side.RESPONDENT)
        if dispute.escalated_at is not None and actor.organisation_id == dispute.coordinator_id:
            sides.add(Side.AUTHORITY)
    elif (dispute.escalated_at or dispute.referred_at) and actor.division_code == dispute.government_division:
        sides.add(Side.GOVERNMENT)
    return frozenset(sides)


def visible(actor: Actor) -> Q:
    """Return the condition for disputes an actor may read: the parties, the coordinator, the government, the auditor.

    Leaders read those of their own department too, but take no party's step.
    """
    if actor.role == Role.AUDITOR:
        return Q()
    own = actor.organisation_id or NOBODY
    rule = Q(claimant_id=own) | Q(respondent_id=own) | Q(coordinator_id=own, escalated_at__isnull=False)
    if actor.role == Role.LEADER:
        out = Q(escalated_at__isnull=False) | Q(referred_at__isnull=False)
        rule |= Q(government_division=actor.division_code) & out
    return rule
