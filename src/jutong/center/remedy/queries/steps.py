from __future__ import annotations

from django.db.models import TextChoices

from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.process.table import Machine
from jutong.center.sharing.models import Grant
from jutong.center.sharing.parties import sides_of


def events(machine: Machine, state: str, grant: Grant, actor: Actor) -> set[TextChoices]:
    """Return the steps the actor's side and post may take on a case now; guards are asked on taking one."""
    sides = sides_of(grant.application, actor)
    return {
        row.event
        for row in machine.rows
        if row.state == state
        and any(who.side in sides and who.permission is not None and org.has(actor, who.permission) for who in row.who)
    }
