"""What the asking person may know of a place: names of tables and columns are the holder's, not everybody's."""

from __future__ import annotations

from dataclasses import dataclass

from jutong.center.org.actor import Actor
from jutong.center.org.enums import Role
from jutong.center.org.models import Organisation

_ALL = {Role.SYSTEM_ADMIN, Role.AUDITOR}
_WATCHES = {Role.AUTHORITY, Role.LEADER}


@dataclass(frozen=True)
class Sight:
    """How far an actor sees."""

    actor: Actor

    def inside(self, organisation: Organisation) -> bool:
        """Tell whether the actor may know tables, columns and users of a department's data by name."""
        if self.actor.role in _ALL or self.actor.organisation_id == organisation.id:
            return True
        return self.actor.role in _WATCHES and self.actor.division_code == organisation.division_code
