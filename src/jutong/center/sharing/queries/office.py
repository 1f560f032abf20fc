"""What an office keeps: its duties, its delegations, and what waits for whoever stands in for a head."""

from __future__ import annotations

from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.org.models import User
from jutong.center.org.permissions import Permission
from jutong.center.sharing.office import Delegation, Duty
from jutong.center.sharing.standing_in import DELEGATES

MOST_SHOWN = 100


def duties(actor: Actor) -> list[Duty]:
    """Return the open duties of the actor's own organisation, by code."""
    org.require(actor, Permission.SHARING_APPLICATION_VIEW)
    return list(Duty.objects.filter(organisation_id=actor.organisation_id or org.NOBODY, closed_at=None))


def delegations(actor: Actor) -> list[Delegation]:
    """Return the delegations of the actor's own organisation, the latest first."""
    org.require(actor, Permission.SHARING_APPLICATION_VIEW)
    own = Delegation.objects.filter(organisation_id=actor.organisation_id or org.NOBODY)
    return list(own.select_related("head", "delegate")[:MOST_SHOWN])


def possible_delegates(actor: Actor) -> list[User]:
    """Return the other people of the actor's office."""
    org.require(actor, Permission.SHARING_DELEGATION_MANAGE)
    posts = org.open_posts().filter(organisation_id=actor.organisation_id or org.NOBODY, role__in=DELEGATES)
    people = {post.user_id: post.user for post in posts if post.user_id != actor.user_id}
    return sorted(people.values(), key=lambda user: user.name)
